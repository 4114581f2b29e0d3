"""Filters in the address of a page, refused by name where they make no sense.

An unknown value never shows an unfiltered list, which would mislead; the API refuses it too.
"""

import enum
from collections.abc import Collection
from typing import TypeVar

from quart import request

from helpdesk.errors import Invalid

Member = TypeVar("Member", bound=enum.StrEnum)
_LONGEST_SHOWN = 80
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def flag(name: str, text: str) -> bool:
    """Read a yes or no, as the API does; empty is no. Raises ``Invalid``."""
    if text.lower() in _TRUE:
        return True
    if text and text.lower() not in _FALSE:
        raise _senseless(name, text, "true or false")
    return False


def one_of(name: str, known: Collection[str]) -> str | None:
    """Return the value of a parameter that is one of ``known``, None where it is left out."""
    text = request.args.get(name, "")
    if not text:
        return None
    if text not in known:
        raise _senseless(name, text, f"one of {', '.join(known)}")
    return text


def member_of(name: str, kind: type[Member]) -> Member | None:
    """Return the value of a parameter as a member of an enumeration."""
    text = one_of(name, [member.value for member in kind])
    return None if text is None else kind(text)


def _senseless(name: str, text: str, expected: str) -> Invalid:
    return Invalid(name, repr(text[:_LONGEST_SHOWN]), expected)
