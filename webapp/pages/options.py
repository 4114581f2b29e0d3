"""Options of a select that many pages show: rendered once for what they are made of.

What the help desk keeps (``helpdesk.storage.kept``) is the same object until it changes, so the
options that were made of it are good for as long. Selecting one is a replacement in the text.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from markupsafe import Markup, escape

from webapp.rendering.templating import macros

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select."""

    value: str
    label: str
    above: str = ""
    """Value of the select above that it belongs to."""
    group: str = ""
    """Names of what it belongs to."""


class Options:
    """The options of one select, none of them selected; those of a group stand together."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        self.choices = tuple(choices)
        self._values = frozenset(choice.value for choice in self.choices)
        self._html = str(macros("fields.html").options(self.choices))

    def __len__(self) -> int:
        return len(self.choices)

    def __contains__(self, value: str) -> bool:
        return value in self._values

    def select(self, chosen: str) -> Markup:
        """Return the options with the one of that value selected, if there is one."""
        if chosen not in self._values:
            return Markup(self._html)  # noqa: S704 - our own template's
        start = f'<option value="{escape(chosen)}"'
        return Markup(self._html.replace(start, f"{start} selected", 1))  # noqa: S704


_made: dict[Callable[[Any], Iterable[Choice]], tuple[Any, Options]] = {}
"""By what makes the choices, a function of a module: of what it last made them, and which."""


def options_of(source: T, choices: Callable[[T], Iterable[Choice]]) -> Options:
    """Return what ``choices`` makes of ``source``, kept for as long as that is the same object."""
    held = _made.get(choices)
    if held is None or held[0] is not source:
        held = _made[choices] = source, Options(choices(source))
    return held[1]
