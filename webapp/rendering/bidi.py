"""Keeps the direction of foreign text to itself, wherever a template shows it.

A name or a subject with right-to-left letters, or with marks that turn direction, would turn what
stands around it: ``invoice U+202E gnp.exe`` reads as a picture. Such text is put between FSI and
PDI, which take their direction from the text's first letter and close whatever it opened (UAX #9).
That works in attributes and titles too, where no ``<bdi>`` can stand. Text that is sent back, the
value of a field, is left as it is: ``verbatim``.
"""

import re
from typing import Any

from markupsafe import Markup, escape

_FSI, _PDI = "\u2068", "\u2069"
_TURNS = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Letters that are written from right to left, and marks of direction."""
_ISOLATING = re.compile("[\u2066-\u2069]")


def isolate(value: Any) -> Any:
    """Return text that may turn direction as an isolate; anything else as it is."""
    if type(value) is not str or not _TURNS.search(value):
        return value
    opened, kept = 0, []
    last = 0
    for match in _ISOLATING.finditer(value):
        closes = match[0] == _PDI
        kept.append(
            value[last : match.start()] if closes and not opened else value[last : match.end()]
        )
        opened = max(0, opened - 1) if closes else opened + 1
        last = match.end()
    return f"{_FSI}{''.join(kept)}{value[last:]}{_PDI * (opened + 1)}"


def verbatim(value: Any) -> Markup:
    """Return a value as it is, escaped: for fields, whose text comes back."""
    return escape(value)
