"""Values that the command line gives as text: ``KEY=VALUE``, and configuration by its types."""

from collections.abc import Mapping, Sequence

from cli.errors import CannotGoOn


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Return ``NAME=VALUE`` options by name; raises CannotGoOn."""
    found = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CannotGoOn(f"{option} {pair!r}: expected a name, '=', and a value")
        found[key] = value
    return found


def typed_values(types: Mapping[str, str], given: Mapping[str, str]) -> dict[str, object]:
    """Read each value as its field's type; what does not fit stays text, and is refused later."""
    return {name: _typed(types.get(name), text) for name, text in given.items()}


def _typed(kind: str | None, text: str) -> object:
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    return text
