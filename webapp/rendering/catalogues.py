"""The catalogue of texts: each language's words, its numbers and its direction.

A language is a folder in ``webapp/locale`` with a gettext file. English is the language that texts
are written in, so it has no file, and what a catalogue lacks is said in English. Catalogues are
read once, when the server starts or when the first reader comes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

ENGLISH = "en"
FOLDER = Path(__file__).parents[1] / "locale"
FILE = "LC_MESSAGES/messages.po"
N_ = str
"""Marks a text for the catalogue where it is written; it is translated where it is shown."""
Message = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: its texts, and how it writes numbers."""

    language: str
    messages: Mapping[str, Message]
    form: Callable[[int], int]
    """Which of a text's plural forms goes with a number."""
    locale: Locale
    of_scripts: frozenset[str] = frozenset()
    """The texts that scripts show, in English."""
    of_domain: frozenset[str] = frozenset()
    """The texts that errors, notices and permissions are made from."""

    @property
    def is_english(self) -> bool:
        """Tell whether texts stand as they are written."""
        return self.language == ENGLISH

    @property
    def direction(self) -> str:
        """Return ``ltr`` or ``rtl``."""
        return self.locale.text_direction

    def text(self, message: str, **values: object) -> str:
        """Return a text in this language, with values for its marks such as ``{n}``.

        A text that the catalogue lacks stays as it is.
        """
        found = self.messages.get(message, message)
        said = found if isinstance(found, str) else found[0]
        for name, value in values.items():
            said = said.replace(f"{{{name}}}", str(value))
        return said

    def plural(self, one: str, several: str, number: int) -> str:
        """Return the text for so many, with ``{n}`` as the number."""
        found = self.messages.get(one)
        if isinstance(found, tuple):
            text = found[min(self.form(number), len(found) - 1)]
        else:
            text = one if number == 1 else several
        return text.replace("{n}", self.count(number))

    def count(self, value: float, digits: int = 0) -> str:
        """Return a number with this language's separators, and so many digits behind the point."""
        if self.is_english:
            return f"{value:,.{digits}f}"
        decimals = f".{'0' * digits}" if digits else ""
        return format_decimal(value, f"#,##0{decimals}", self.locale)

    def moment(self, when: datetime) -> str:
        """Return a moment in UTC, for browsers without scripts."""
        if self.is_english:
            return f"{when:%d %b %Y, %H:%M} UTC"
        return f"{format_datetime(when, 'medium', locale=self.locale)} UTC"


def available() -> tuple[str, ...]:
    """Return the languages that there are texts in, English first."""
    return (ENGLISH, *sorted(path.parents[1].name for path in FOLDER.glob(f"*/{FILE}")))


@cache
def wording(language: str) -> Wording:
    """Return one of the available languages. Reads its file: the first time in a thread."""
    if language == ENGLISH:
        return Wording(ENGLISH, {}, _english_form, Locale("en", "GB"))
    with (FOLDER / language / FILE).open("rb") as file:
        catalogue = read_po(file, language)
    return Wording(
        language,
        messages_of(catalogue),
        c2py(catalogue.plural_expr),
        Locale.parse(language, "-"),
        _found_in(catalogue, r"webapp/static/"),
        _found_in(catalogue, r".*\.py$"),
    )


def _found_in(catalogue: Catalog, files: str) -> frozenset[str]:
    return frozenset(
        message.id
        for message in catalogue
        if isinstance(message.id, str)
        and any(re.match(files, file) for file, _ in message.locations)
    )


def messages_of(catalogue: Catalog) -> dict[str, Message]:
    """Return the finished texts of a catalogue, each by its text in English (the singular)."""
    found: dict[str, Message] = {}
    for message in catalogue:
        if message.fuzzy or not message.id:
            continue
        if isinstance(message.id, str):
            if message.string:
                found[message.id] = str(message.string)
        elif message.string and all(message.string):
            found[message.id[0]] = tuple(message.string)
    return found


def chosen(wanted: Iterable[str]) -> str:
    """Return the available language for a reader's, the preferred one first; else English."""
    there = available_now()
    for tag in wanted:
        parts = tag.split("-")
        for length in range(len(parts), 0, -1):
            if (name := "-".join(parts[:length])) in there:
                return name
    return ENGLISH


@cache
def available_now() -> frozenset[str]:
    """Return the available languages, looked up once."""
    return frozenset(available())


def _english_form(number: int) -> int:
    return int(number != 1)
