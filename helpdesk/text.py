"""One way to compare words and names, and to tell text that shows nothing. Pure.

Case folding and decomposition are Unicode's (the Unicode Standard, 3.13, and UAX #15): ``Straße``
and ``STRASSE`` are one name, whatever letters were typed composed or not. For search, accents fall
away too, and scripts that are written without spaces are cut into letters, so that a part of a word
is found.

Python puts a run of combining marks in order in the square of its length, and holds the interpreter
meanwhile: 32,000 marks take a second. ``normalized`` is for text of strangers.
"""

import re
import unicodedata
from typing import Literal

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category, and nothing to the eye."""
_SHOWS = frozenset("LNPS")
_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f]"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese, and Korean, whose words run together."""


MOST_MARKS = 30
"""Combining marks on one letter; no language needs more (UAX #15, stream-safe text format)."""
LONGEST_NAME = 1_000
"""Characters; no name is as long (``checks.MAX_NAME``)."""
_LATE_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"
"""Characters that become combining marks when they are decomposed, and are none before."""
_RUN = re.compile(rf"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){{{MOST_MARKS + 1},}}")
"""Where combining marks may stand in a run: none is a letter, a digit or ASCII. The letters that
become marks are in one alternative alone: in both, a short run would be tried in every way."""

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def normalized(form: Form, text: str) -> str:
    """Return ``text`` in a normal form, at most ``MOST_MARKS`` combining marks on each letter."""
    return unicodedata.normalize(form, _RUN.sub(_without_many_marks, text))


def _without_many_marks(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in run[0]:
        marks = marks + 1 if unicodedata.combining(char) or char in _LATE_MARKS else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def shows_something(text: str) -> bool:
    """Tell whether a reader sees anything: one letter, digit, punctuation mark or symbol."""
    return any(unicodedata.category(c)[0] in _SHOWS and c not in _BLANK for c in text)


def name_key(text: str) -> str:
    """Return what two spellings of one name have in common: case, composition, hidden characters.

    Accents stay: ``Ärger`` and ``Arger`` are two names. What is too long for a name is left alone.
    """
    if len(text) > LONGEST_NAME:
        return text
    folded = normalized("NFKC", text).casefold()
    plain = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join(normalized("NFKC", plain).split())


def search_text(text: str) -> str:
    """Return text as it is indexed and looked for."""
    folded = normalized("NFKD", normalized("NFKD", text).casefold())
    plain = "".join(c for c in folded if unicodedata.category(c) not in {"Mn", "Cf"})
    # Composed again, for Korean syllables above all.
    return _NO_SPACES.sub(r" \g<0> ", normalized("NFC", plain))


def counted(count: float, thing: str, many: str = "") -> str:
    """Return how many of a thing there are: ``1 ticket``, ``1,200 tickets``."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {thing if count == 1 else many or thing + 's'}"
