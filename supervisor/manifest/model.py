"""A manifest that passed every check, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ConfigType = Literal["string", "boolean", "integer", "select"]
ConfigValue = str | int | bool


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One field of ``config_schema``."""

    name: str
    type: ConfigType
    label: str
    """Shown beside the input; the field's name where the manifest gives none."""
    description: str
    required: bool
    secret: bool
    """Only for strings: encrypted at rest, never shown again."""
    bind: tuple[str, ...]
    """Only for secrets: the plugin gets a placeholder, which requests to these hosts turn into the
    secret. Empty: the plugin gets the secret itself."""
    bind_in: tuple[str, ...]
    """Parts of a request that the secret is put into: header, path, query, body."""
    options: tuple[str, ...]
    """Only for ``select``: the allowed values, at least one."""
    default: ConfigValue | None


@dataclass(frozen=True, slots=True)
class Panel:
    """The ``ui_panel`` section; ``height`` is in CSS pixels."""

    title: str
    height: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a plugin declares about itself."""

    id: str
    name: str
    version: str
    description: str
    author: str | None
    license: str | None
    homepage: str | None
    events: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    """ASCII, lower case, without doubles, in the manifest's order."""
    config_schema: Mapping[str, ConfigField]
    """By field name, in the manifest's order."""
    ui_panel: Panel | None
    unknown: Mapping[str, Any]
    """Keys that no version of the format defines, by path: kept and shown, never acted on."""
    raw: Mapping[str, Any]
    """The whole JSON object as it was."""
