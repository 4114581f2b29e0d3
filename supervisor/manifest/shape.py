"""The manifest's shape as types, from which both the checks and the JSON Schema are made.

The description of each type is the "expected" part of the sentence that an author reads, so what
is enforced, what is published and what is said cannot drift apart. What types cannot say is in
``rules`` and ``hosts``.
"""

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct, field

EventName = Literal[
    "ticket.created",
    "ticket.assigned",
    "ticket.status_changed",
    "ticket.reply_added",
    "ticket.note_added",
    "ticket.resolved",
    "ticket.closed",
    "ticket.reopened",
]
EVENTS: tuple[str, ...] = get_args(EventName)
MAX_PANEL_HEIGHT = 4096
MAX_FIELDS = 100
MAX_HOSTS = 100
MAX_OPTIONS = 200

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_ID = rf"^{_LABEL}(\.{_LABEL})+$"
_NUMERIC = r"(0|[1-9][0-9]*)"
_PRERELEASE = r"(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = (
    rf"^{_NUMERIC}\.{_NUMERIC}\.{_NUMERIC}"
    rf"(-{_PRERELEASE}(\.{_PRERELEASE})*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
)


def _line(longest: int, what: str) -> Meta:
    return Meta(
        min_length=1,
        max_length=longest,
        description=f"{what} of 1 to {longest} characters on one line",
    )


PluginId = Annotated[
    str,
    Meta(
        pattern=_ID,
        max_length=200,
        description='a reverse-domain name such as "com.example.slack-notifications" '
        "(letters, digits, hyphens and underscores, with at least one dot)",
    ),
]
Version = Annotated[
    str,
    Meta(pattern=_SEMVER, max_length=100, description='a semantic version such as "1.2.0"'),
]
Event = Annotated[
    EventName,
    Meta(description="one of the events " + ", ".join(EVENTS)),
]
Host = Annotated[
    str,
    Meta(min_length=1, description='an exact hostname such as "hooks.slack.com"'),
]
Options = Annotated[
    list[Annotated[str, _line(200, "an option")]],
    Meta(max_length=MAX_OPTIONS, description=f"an array of at most {MAX_OPTIONS} options"),
]
Default = Annotated[
    str | int | bool | None,
    Meta(description="a value of the field's type"),
]
FieldType = Annotated[
    Literal["string", "boolean", "integer", "select"],
    Meta(description="one of the types string, boolean, integer, select"),
]
Flag = Annotated[bool, Meta(description="true or false")]


BindPlace = Annotated[
    Literal["header", "path", "query", "body"],
    Meta(description="header, path, query or body"),
]


class ConfigFieldShape(Struct, frozen=True):
    """A field of the plugin's configuration form."""

    type: FieldType
    label: Annotated[str, _line(200, "a label")] | None = None
    description: (
        Annotated[str, Meta(max_length=2_000, description="a text of at most 2000 characters")]
        | None
    ) = None
    required: Flag = False
    secret: Flag = False
    bind: Annotated[
        list[Host],
        Meta(max_length=MAX_HOSTS, description=f"an array of at most {MAX_HOSTS} hostnames"),
    ] = []
    bind_in: Annotated[
        list[BindPlace],
        Meta(
            min_length=1,
            max_length=4,
            description="an array of the parts of a request that a bound secret may be put into",
        ),
    ] = field(default_factory=lambda: ["header"])
    options: Options = []
    default: Default = None


class HttpShape(Struct, frozen=True):
    """Hosts that the plugin can reach over HTTP."""

    allowed_hosts: Annotated[
        list[Host],
        Meta(max_length=MAX_HOSTS, description=f"an array of at most {MAX_HOSTS} hostnames"),
    ] = []


class PermissionsShape(Struct, frozen=True):
    """Permissions in addition to events."""

    http: Annotated[HttpShape, Meta(description="an object with allowed_hosts")] | None = None


class PanelShape(Struct, frozen=True):
    """A panel in the ticket's page; its height is in CSS pixels."""

    title: Annotated[str, _line(100, "a title")]
    height: Annotated[
        int,
        Meta(
            ge=1,
            le=MAX_PANEL_HEIGHT,
            description=f"a whole number of pixels from 1 to {MAX_PANEL_HEIGHT}",
        ),
    ]


class ManifestShape(Struct, frozen=True):
    """The manifest of an Open Help Desk plugin: the content of the section ``ohd_manifest``."""

    id: PluginId
    name: Annotated[str, _line(100, "a display name")]
    version: Version
    description: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=1_000,
            description="one sentence of 1 to 1000 characters",
        ),
    ]
    events: Annotated[
        list[Event],
        Meta(max_length=len(EVENTS), description="an array of event names, each once"),
    ]
    author: Annotated[str, _line(200, "an author")] | None = None
    license: Annotated[str, _line(100, "an SPDX license identifier")] | None = None
    homepage: (
        Annotated[
            str,
            Meta(
                pattern=r"^https?://[^\s/]",
                max_length=2_048,
                description='an address such as "https://example.com/plugin"',
            ),
        ]
        | None
    ) = None
    permissions: (
        Annotated[PermissionsShape, Meta(description="an object with http in it")] | None
    ) = None
    config_schema: (
        Annotated[
            dict[str, ConfigFieldShape],
            Meta(
                max_length=MAX_FIELDS,
                description=f"an object of at most {MAX_FIELDS} field definitions",
            ),
        ]
        | None
    ) = None
    ui_panel: Annotated[PanelShape, Meta(description="an object with title and height")] | None = (
        None
    )
    schema_: Annotated[Any, Meta(description="where an editor finds this schema; ignored")] = (
        msgspec.field(name="$schema", default=None)
    )


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema of manifests; further keys are allowed everywhere."""
    return msgspec.json.schema(ManifestShape)
