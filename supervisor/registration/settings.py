"""Our additions to a registration: ticket events, and settings that an admin fills in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from supervisor.manifest import ConfigField, ManifestError
from supervisor.manifest.errors import describe
from supervisor.manifest.rules import check_field, check_field_names
from supervisor.manifest.shape import EVENTS, MAX_FIELDS, ConfigFieldShape
from supervisor.registration.reading import Part, listed


def read_events(root: Part) -> tuple[str, ...]:
    """Return the ticket events that ``on_event`` is to get."""
    events = []
    for name in root.lines("events", 50):
        if name in EVENTS:
            events.append(name)
        else:
            root.warn("events", listed(EVENTS), "it is ignored", describe(name))
    return tuple(events)


def read_config_schema(root: Part, hosts: tuple[str, ...]) -> Mapping[str, ConfigField]:
    """Return the settings; a secret can be bound to the ``hosts`` that the plugin asks for."""
    raw = root.value("config_schema")
    if raw is None:
        return {}
    if not isinstance(raw, dict) or len(raw) > MAX_FIELDS:
        root.warn("config_schema", f"an object of at most {MAX_FIELDS} fields", "it is ignored")
        return {}
    fields = {}
    for name, definition in raw.items():
        try:
            fields[name] = _read_field(name, definition, hosts)
        except ManifestError as error:
            root.notes.warn(error.field, error.found, error.expected, "the setting is ignored")
    return fields


def _read_field(name: str, definition: Any, hosts: tuple[str, ...]) -> ConfigField:
    check_field_names({"config_schema": {name: definition}})
    try:
        shape = msgspec.convert(definition, ConfigFieldShape)
    except msgspec.ValidationError as error:
        found = f"not right ({error})" if isinstance(definition, dict) else describe(definition)
        raise ManifestError(
            f"config_schema.{name}", found, "a setting as in a plugin's config_schema"
        ) from None
    return check_field(name, shape, hosts)
