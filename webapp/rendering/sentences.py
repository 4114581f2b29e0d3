"""Puts sentences of the domain into another language: those of errors, notices and permissions.

The domain writes them in English with the facts already in them, since the API, the log and the
command line say them too. A page looks for the text of the catalogue that a sentence was made from,
takes the facts out of it and says them in the other text. Words of our own among the facts are
translated as well; what people wrote is not. A sentence that is not found stays English.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.rendering.catalogues import Wording

LONGEST = 1_000
"""Characters; longer texts are no sentences."""
_DEEPEST = 4
_MARK = re.compile(r"\{([a-z_][a-z_0-9]*)\}")
_OUR_WORDS = frozenset(
    {"what", "why", "kind", "remedy", "expected", "else", "count", "wait", "steps", "message"}
    | {"tickets", "role", "problem", "where", "told", "found", "wanted", "window_days", "field"}
    | {"rest", "named", "exc", "cause", "title"}
)
"""Marks whose value is, or may be, a text of the catalogue."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    literals: tuple[str, ...]
    """What stands before, between and behind the marks."""
    names: tuple[str, ...]
    said: str
    """The text in the other language."""

    @property
    def weight(self) -> int:
        return sum(map(len, self.literals))

    def facts(self, text: str) -> dict[str, str] | None:
        """Return the facts by mark; None for another sentence. Takes time in step with the text."""
        first, *others = self.literals
        if not text.startswith(first):
            return None
        place, found = len(first), dict[str, str]()
        for number, (name, literal) in enumerate(zip(self.names, others, strict=True)):
            if number == len(others) - 1:
                end = len(text) - len(literal)
                fits = end > place and text.endswith(literal)
            else:
                end = text.find(literal, place + 1)
                fits = end > place
            if not fits:
                return None
            found[name] = text[place:end]
            place = end + len(literal)
        return found


class Sentences:
    """The sentences of one language."""

    def __init__(self, words_of: Wording) -> None:
        self._words = words_of
        made = list(_patterns(words_of))
        self._patterns = sorted(made, key=lambda one: one.weight, reverse=True)

    def say(self, text: str) -> str:
        """Return a sentence of the domain in this language."""
        if self._words.is_english or len(text) > LONGEST:
            return text
        return self._say(text, 0)

    def _say(self, text: str, depth: int) -> str:
        if text in self._words.messages:
            return self._words.text(text)
        if depth == _DEEPEST:
            return text
        for pattern in self._patterns:
            facts = pattern.facts(text)
            if facts is not None:
                for name in _OUR_WORDS & facts.keys():
                    facts[name] = self._say(facts[name], depth + 1)
                return _filled(pattern.said, facts)
        return text


def _patterns(words_of: Wording) -> Iterator[_Pattern]:
    for message in words_of.of_domain:
        literals = _MARK.split(message)
        if len(literals) > 1 and all(literals[2:-1:2]):
            yield _Pattern(tuple(literals[::2]), tuple(literals[1::2]), words_of.text(message))


def _filled(text: str, facts: dict[str, str]) -> str:
    return _MARK.sub(lambda mark: facts.get(mark[1], ""), text)
