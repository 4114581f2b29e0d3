"""Translations that a plugin brings: texts by language and key, with a fall-back."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from supervisor.manifest.errors import describe
from supervisor.registration.reading import MAX_ID, MAX_TEXT, Part

FALLBACK = "en"
MAX_LANGUAGES = 100
MAX_TEXTS = 20_000
"""In all languages together."""
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}", re.ASCII)
_MAX_KEY = 200
_LONGEST_LANGUAGE = 35


@dataclass(frozen=True, slots=True)
class Translations:
    """Texts by language (lower case, ``de-at``), then by key without the namespace."""

    namespace: str
    languages: tuple[str, ...] = ()
    """Those that have texts, in the order in which the plugin lists them."""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def translate(self, key: str, languages: Iterable[str] = ()) -> str | None:
        """Return the text of ``key``, with or without its namespace; None where there is none.

        Looked up in each of ``languages`` (as browsers order them), then without their region, then
        in English, then in the plugin's own languages.
        """
        short = key.removeprefix(f"{self.namespace}.")
        for language in (*_with_bases(languages), FALLBACK, *self.languages):
            texts = self.texts.get(language, {})
            found = texts.get(short, texts.get(key))
            if found is not None:
                return found
        return None


def _with_bases(languages: Iterable[str]) -> Iterable[str]:
    for tag in languages:
        parts = tag.lower().replace("_", "-")[:_LONGEST_LANGUAGE].split("-")
        for length in range(len(parts), 0, -1):
            yield "-".join(parts[:length])


def read_translations(root: Part, name: str) -> Translations:
    """Return the section ``i18n``; ``name`` is the namespace where it gives none."""
    part = root.part("i18n")
    if part is None:
        return Translations(name)
    namespace = part.text("namespace", MAX_ID) or name
    listed = [language_tag(tag) for tag in part.lines("languages", MAX_LANGUAGES)]
    by_language = part.value("translations")
    if not isinstance(by_language, dict):
        expected = 'an object such as {"en": {"title": "Tickets"}} below "translations"'
        part.warn("translations", expected, "no translations are used", _found(part))
        return Translations(namespace)
    texts = _read_texts(part, by_language)
    order = [tag for tag in listed if tag in texts]
    return Translations(namespace, tuple(dict.fromkeys((*order, *texts))), texts)


def _found(part: Part) -> str:
    return describe(part.value("translations")) if part.has("translations") else "missing"


def _read_texts(part: Part, by_language: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    room = MAX_TEXTS
    for tag, entries in by_language.items():
        language = language_tag(tag)
        path = part.at("translations" if language is None else f"translations.{language}")
        if language is None or language in texts or len(texts) == MAX_LANGUAGES:
            expected = f'a language such as "de" or "pt-br", each once, at most {MAX_LANGUAGES}'
            part.notes.warn(path, describe(tag), expected, "it is ignored")
        elif not isinstance(entries, dict):
            expected = "an object of keys and texts"
            part.notes.warn(path, describe(entries), expected, "it is ignored")
        else:
            kept = {
                key: text
                for key, text in entries.items()
                if 0 < len(key) <= _MAX_KEY and _is_text(text)
            }
            if len(kept) < len(entries):
                found = f"an object with {len(entries) - len(kept)} entries that are no texts"
                expected = f"keys of 1 to {_MAX_KEY} and texts of at most {MAX_TEXT} characters"
                part.notes.warn(path, found, expected, "these entries are ignored")
            if len(kept) > room:
                found = f"an object of {len(kept)} texts"
                expected = f"at most {MAX_TEXTS:,} texts in all languages"
                part.notes.warn(path, found, expected, "it is ignored")
            else:
                room -= len(kept)
                texts[language] = kept
    return texts


def _is_text(value: object) -> bool:
    """Tell whether a value can be shown; joiners and marks of other scripts belong to a text."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return False
    return value.isprintable() or not any(
        unicodedata.category(char) == "Cc" and char not in "\n\t" for char in value
    )


def language_tag(text: str) -> str | None:
    """Return a language in its one spelling, ``pt-br``; None for what is no language."""
    tag = text.lower().replace("_", "-") if len(text) <= _LONGEST_LANGUAGE else ""
    return tag if _LANGUAGE.fullmatch(tag) else None
