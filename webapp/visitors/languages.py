"""The languages that the visitor reads, the preferred one first.

Their own choice in the profile comes before what the browser asks for. Which texts there are, is
for others to know.
"""

from typing import cast

from quart import g, request

from helpdesk.languages import language_tag
from webapp.rendering import catalogues
from webapp.visitors.sessions import current_visit

MOST = 8
CHOICES = {
    "ar": "العربية",
    "bg": "Български",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "pt-br": "Português (Brasil)",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sr": "Српски",
    "sv": "Svenska",
    "sw": "Kiswahili",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh": "简体中文",
    "zh-hant": "繁體中文",
}
"""Languages that a person can choose, each by its own name; others are named by their tags."""


def languages() -> tuple[str, ...]:
    """Return tags such as ``pt-br``, at most so many."""
    user = current_visit().user
    chosen = (user.language,) if user is not None and user.language else ()
    asked = map(language_tag, request.accept_languages.values())
    return tuple(dict.fromkeys((*chosen, *filter(None, asked))))[:MOST]


def reader_language() -> str:
    """Return the language of this request's page: the first that there are texts in."""
    if "language" not in g:
        g.language = catalogues.chosen(languages())
    return cast(str, g.language)


def say(text: str, **values: object) -> str:
    """Return a text of the catalogue in the language of this request's page."""
    return catalogues.wording(reader_language()).text(text, **values)


def say_many(one: str, several: str, number: int) -> str:
    """Return the text for so many, with ``{n}`` as the number."""
    return catalogues.wording(reader_language()).plural(one, several, number)
