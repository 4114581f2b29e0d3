"""Configuration values against a manifest's ``config_schema``: checked, merged, completed.

Knows nothing of where values are saved or how secrets are kept; no message of it ever holds a
value, since any field's value may be somebody's secret typed into the wrong place.
"""

from collections.abc import Mapping
from typing import Protocol

from supervisor.errors import ConfigInvalid
from supervisor.manifest.errors import describe
from supervisor.manifest.model import ConfigField, ConfigValue
from supervisor.manifest.rules import value_problem

_NOTHING: Mapping[str, ConfigValue] = {}


class Configurable(Protocol):
    """What a plugin of either contract says of its configuration."""

    @property
    def id(self) -> str:
        """The plugin's id."""

    @property
    def config_schema(self) -> Mapping[str, ConfigField]:
        """Its settings by name."""


def check_config(
    manifest: Configurable,
    offered: Mapping[str, object],
    saved: Mapping[str, ConfigValue] = _NOTHING,
    *,
    complete: bool = True,
) -> dict[str, ConfigValue]:
    """Return the values to save when ``offered`` is laid over ``saved``.

    A name that is not offered keeps its saved value; None removes it, so that the default holds.
    Saved values that a newer manifest has no room for are dropped. With ``complete``, a required
    field needs a value or a default. Raises ``ConfigInvalid`` with every problem at once, each a
    sentence under its field's name, and never with a value in it.
    """
    schema = manifest.config_schema
    strange = offered.keys() - schema.keys()
    problems = dict.fromkeys(strange, "the plugin's configuration has no such field")
    clean = {
        name: value
        for name, value in saved.items()
        if name in schema and name not in offered and _problem(schema[name], value) is None
    }
    for name in schema.keys() & offered.keys():
        _take(schema[name], offered[name], clean, problems)
    if complete:
        problems |= _missing(schema, clean, problems)
    if problems:
        order = {name: place for place, name in enumerate(schema)}
        listed = sorted(problems.items(), key=lambda item: (order.get(item[0], len(order)), item))
        raise ConfigInvalid(manifest.id, {_shown(name): text for name, text in listed})
    return {name: clean[name] for name in schema if name in clean}


def effective_config(
    manifest: Configurable, saved: Mapping[str, ConfigValue]
) -> dict[str, ConfigValue]:
    """Return what a plugin receives: saved values, else defaults; an unset checkbox is false.

    Other fields without value and default are left out, as the document's payloads have no nulls.
    """
    config: dict[str, ConfigValue] = {}
    for name, field in manifest.config_schema.items():
        value = saved.get(name)
        if value is None or _problem(field, value) is not None:
            value = False if field.default is None and field.type == "boolean" else field.default
        if value is not None:
            config[name] = value
    return config


def _take(
    field: ConfigField, value: object, clean: dict[str, ConfigValue], problems: dict[str, str]
) -> None:
    if value is None:
        return
    problem = _problem(field, value)
    if problem is not None:
        problems[field.name] = problem
    elif isinstance(value, str | int | bool):
        clean[field.name] = value


def _problem(field: ConfigField, value: object) -> str | None:
    expected = value_problem(field.type, field.options, value)
    return None if expected is None else f"expected {expected}"


def _missing(
    schema: Mapping[str, ConfigField],
    clean: Mapping[str, ConfigValue],
    problems: Mapping[str, str],
) -> dict[str, str]:
    return {
        name: "this field is required"
        for name, field in schema.items()
        if field.required and name not in problems and clean.get(name, field.default) in (None, "")
    }


def _shown(name: str) -> str:
    # Field names of the schema are plain; a name that somebody made up may be anything.
    return name if name.isprintable() and len(name) <= 64 else describe(name)
