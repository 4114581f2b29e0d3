"""Views of installed plugins, their versions and panels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supervisor.states import BoxStanding, InstallStep, PluginState, VersionStatus
from supervisor.views.deliveries import HostCallRecord


@dataclass(frozen=True, slots=True)
class ConfigFieldView:
    """One field of a plugin's ``config_schema`` with its value; secrets never carry theirs."""

    name: str
    type: str
    label: str
    description: str
    required: bool
    secret: bool
    bind: tuple[str, ...]
    """Hosts that a bound secret goes to; empty: the plugin itself gets the secret."""
    options: tuple[str, ...]
    default: str | int | bool | None
    value: str | int | bool | None
    is_set: bool


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit of a plugin that an admin may set; numbers are in ``unit``."""

    name: str
    """Such as ``memory_mib``."""
    label: str
    unit: str
    """Empty for a plain count."""
    value: float
    """What applies from the plugin's next process on."""
    default: float
    """The operator's, for every plugin that has none of its own."""
    least: float
    most: float
    sentence: str
    """Description of the limit."""
    is_overridden: bool


@dataclass(frozen=True, slots=True)
class PermissionView:
    """One thing that a plugin asks to be allowed."""

    token: str
    """Such as ``event:ticket.created`` or ``reply``; see ``permissions``."""
    sentence: str
    """Meaning, in plain words."""
    warning: str | None
    """Caution for the admin, such as that internal notes are read."""
    granted: bool
    """Whether the admin has left it; a thing that is not granted can be given back."""


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """Calls to the host that were refused because one permission is missing."""

    functions: tuple[str, ...]
    """Names of the host functions, such as ``db_query``."""
    token: str
    """The permission that would allow them, the narrowest there is."""
    sentence: str
    """Meaning of the permission, in plain words."""
    warning: str | None
    count: int
    at: str
    """When the last one was refused."""


@dataclass(frozen=True, slots=True)
class SignatureView:
    """Signer of a module."""

    state: str
    """``unsigned``, ``signed`` (by a trusted key), or ``untrusted``."""
    key: str
    """Name of the trusted key; empty if there is none."""
    sentence: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a plugin whose module is on disk."""

    version: str
    sha256: str
    size: int
    """Bytes of the module."""
    status: VersionStatus
    source: str
    """Source: the name of the file, or the URL without its query."""
    installed_at: str
    installed_by: str
    """Id of the user, or ``command line (name)``."""
    installed_by_name: str
    """The user's name as it is now."""
    toolchain: str | None
    """Toolchain, as the module declares it: a claim, not a proof."""
    imports: tuple[str, ...]
    """Host functions that it calls, such as ``env.ohd_log``."""
    config_fields: tuple[str, ...]
    permissions: tuple[PermissionView, ...]
    """Permissions from its manifest and imports; ``granted`` as if it became active."""
    signature: SignatureView


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """Two versions side by side: the active one, and one that could take its place."""

    active: VersionView
    other: VersionView
    asked_anew: tuple[PermissionView, ...]
    """Permissions of ``other`` that ``active`` does not have: each must be allowed or denied."""
    given_up: tuple[PermissionView, ...]
    """Permissions that ``other`` no longer requests."""
    imports_added: tuple[str, ...]
    imports_removed: tuple[str, ...]
    fields_added: tuple[str, ...]
    fields_removed: tuple[str, ...]
    fields_changed: tuple[str, ...]
    """Same name, another type, default, options, or whether it is required or secret."""
    is_older: bool
    """Whether ``other`` has the lower version number, or was active before."""


@dataclass(frozen=True, slots=True)
class InstallView:
    """One installation that an admin began, kept for a while after its end."""

    id: str
    source: str
    step: InstallStep
    received_bytes: int
    total_bytes: int | None
    """None where the server did not say."""
    seconds: float
    """Since it began, or how long it took."""
    plugin_id: str | None
    """Known once the manifest has been read."""
    is_upgrade: bool
    """Whether it waits beside an active version for an admin to accept it."""
    error: str | None
    """Reason of the refusal: a whole sentence."""
    server_failed: bool = False
    """Whether that was the server's fault, as with a full disk, so that the module may be fine."""


@dataclass(frozen=True, slots=True)
class PluginView:
    """An installed plugin: what it declares and how it stands."""

    id: str
    name: str
    version: str
    description: str
    author: str | None
    license: str | None
    homepage: str | None
    sha256: str
    size: int
    source: str
    """Source: the name of the file, or the URL without its query."""
    installed_at: str
    installed_by: str
    """Id of the user, or ``command line (name)``."""
    toolchain: str | None
    """Toolchain, as the module declares it: a claim, not a proof."""
    imports: tuple[str, ...]
    permissions: tuple[PermissionView, ...]
    """Everything that it asks for, with what the admin has left it."""
    waiting_version: str | None
    """SHA-256 of an uploaded version that waits to be accepted."""
    enabled: bool
    state: PluginState
    state_reason: str | None
    events: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    panel_title: str | None
    panel_height: int | None
    config: tuple[ConfigFieldView, ...]
    limits: tuple[LimitView, ...]
    manifest: dict[str, Any]
    warnings: tuple[str, ...]
    pid: int | None
    error_count: int
    last_error: str | None
    signature: SignatureView
    contract: str
    """``ohd``, or ``goatkit`` for a plugin that registers itself."""


@dataclass(frozen=True, slots=True)
class BoxedPlugin:
    """A plugin that comes with the help desk."""

    name: str
    """What it is installed by."""
    id: str
    """Id of the plugin once it is installed."""
    title: str
    version: str
    """Of the package in the box."""
    description: str
    permissions: tuple[PermissionView, ...]
    """What it will ask for; nothing is granted by installing it."""
    size: int
    """Bytes of the package."""
    sha256: str
    standing: BoxStanding
    installed_version: str | None
    """None where it is not installed."""
    state: PluginState | None
    """None where it is not installed."""


@dataclass(frozen=True, slots=True)
class PanelSlot:
    """A panel that the ticket page should reserve room for, before anything is rendered."""

    plugin_id: str
    plugin_name: str
    title: str
    height: int


@dataclass(frozen=True, slots=True)
class PanelResult:
    """Result of ``render_panel``: a checked URL, or the sentence for the error card."""

    url: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a function: the JSON that it returned, or why it returned none."""

    outcome: str
    """``ok``, or how it failed, as the delivery log has it."""
    value: bytes
    """JSON as the plugin wrote it, checked to be JSON; empty where it failed or returned none."""
    error: str | None
    duration_s: float = 0.0
    memory_bytes: int = 0
    host_calls: tuple[HostCallRecord, ...] = ()

    @classmethod
    def failed(cls, error: str, outcome: str = "dropped") -> "CallResult":
        """Return the result of a call that returned nothing."""
        return cls(outcome, b"", error)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a plugin keeps, without its content."""

    key: str
    size: int
    """Bytes."""
    metadata: Mapping[str, str]
    modified_at: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record that a plugin keeps."""

    key: str
    revision: int
    """Counts its writes, from 1."""
    tag: str
    at: int
    value: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """One record to be written, or to be deleted where ``value`` is None."""

    collection: str
    key: str
    value: str | None
    """JSON."""
    tag: str = ""
    at: int = 0
    expect: int | None = None
    """The revision that it must have, 0 where it must not be there; None for any."""


@dataclass(frozen=True, slots=True)
class RecordCount:
    """The records of a collection that have one tag."""

    tag: str
    count: int
    least: int
    """The least number (``at``) of one."""
    total: int
    """The sum of their numbers."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job of a plugin, and how its last run went."""

    plugin_id: str
    job_id: str
    description: str
    schedule: str
    enabled: bool
    next_run: str | None
    """RFC 3339, in the server's time zone; None where it is switched off."""
    running: bool
    outcome: str | None
    error: str | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Result of replacing the key that encrypts secrets."""

    resealed: int
    """Secrets that are now sealed with the new key."""
    unreadable: tuple[str, ...]
    """Plugin and field of each secret that no key opens; they were left as they are."""
    from_environment: bool
    """Whether the operator gives the keys, and now has to take the old one away."""
