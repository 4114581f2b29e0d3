"""What the supervisor shows of itself: frozen snapshots for pages, the API and the command line."""

import enum
from dataclasses import dataclass
from typing import Any


class PluginState(enum.StrEnum):
    """Where one plugin stands. ``docs/states.md`` draws the transitions."""

    DISABLED = "disabled"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPING = "stopping"
    FAILED = "failed"
    STOPPED = "stopped"
    """Enabled, and nothing runs plugins here: the command line looks at an idle data directory."""


class Outcome(enum.StrEnum):
    """How one delivery, or one panel, ended."""

    OK = "ok"
    TRAP = "trap"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    EXIT = "exit"
    LOST = "lost"
    START_FAILED = "start_failed"
    PROTOCOL = "protocol"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class ConfigFieldView:
    """One field of a plugin's ``config_schema`` with its value; secrets never carry theirs."""

    name: str
    type: str
    label: str
    description: str
    required: bool
    secret: bool
    options: tuple[str, ...]
    default: str | int | bool | None
    value: str | int | bool | None
    is_set: bool


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
    installed_at: str
    enabled: bool
    state: PluginState
    state_reason: str | None
    events: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    panel_title: str | None
    panel_height: int | None
    config: tuple[ConfigFieldView, ...]
    manifest: dict[str, Any]
    warnings: tuple[str, ...]
    pid: int | None
    error_count: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class ProcessView:
    """The operating-system process of one enabled plugin, read just now."""

    plugin_id: str
    state: PluginState
    pid: int | None
    uptime_s: float | None
    restarts: int
    cpu_percent: float | None
    rss_bytes: int | None
    guest_memory_bytes: int | None
    guest_memory_limit_bytes: int
    threads: int | None
    in_flight: int
    waiting: int
    delivered: int
    errors: int
    last_error: str | None
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ControlView:
    """One step of the lockdown, as a child on this machine reports it."""

    name: str
    active: bool
    reason: str
    """Why it is not in force, or how far it goes."""


@dataclass(frozen=True, slots=True)
class SandboxView:
    """The lockdown of children on this machine, as found at start."""

    controls: tuple[ControlView, ...]
    """Every step; empty where there is a problem."""
    problem: str | None
    """Why no plugin can run here, as a control that is required cannot be had; else None."""


@dataclass(frozen=True, slots=True)
class PanelSlot:
    """A panel that the ticket page should reserve room for, before anything is rendered."""

    plugin_id: str
    plugin_name: str
    title: str
    height: int


@dataclass(frozen=True, slots=True)
class PanelResult:
    """What ``render_panel`` gave: a checked URL, or the sentence for the error card."""

    url: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a plugin, or the supervisor on its behalf, logged."""

    at: str
    plugin_id: str
    level: str
    message: str
    delivery_id: str | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery as the log keeps it."""

    id: str
    plugin_id: str
    event_id: str
    event: str
    ticket_id: str
    outcome: Outcome
    error: str | None
    started_at: str
    duration_ms: float
    memory_bytes: int | None
    host_calls: tuple[dict[str, Any], ...]
    redelivered: bool


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """What came of replacing the key that secrets are encrypted with."""

    resealed: int
    """Secrets that are now sealed with the new key."""
    unreadable: tuple[str, ...]
    """Plugin and field of each secret that no key opens; they were left as they are."""
    from_environment: bool
    """Whether the operator gives the keys, and now has to take the old one away."""


class EgressOutcome(enum.StrEnum):
    """What became of a plugin's request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """By a rule of ours; nothing was sent."""
    FAILED = "failed"
    """By the network, the server, or the end of the event."""


@dataclass(frozen=True, slots=True)
class EgressEntry:
    """One request of a plugin as the ledger keeps it; without secrets."""

    id: int
    at: str
    plugin_id: str
    event_id: str | None
    """The delivery's event; None for a panel or the start."""
    outcome: EgressOutcome
    host: str
    """Empty where no host could be read from the URL."""
    address: str | None
    """The address that was connected."""
    method: str
    path: str
    """Without the query."""
    status: int
    """What the plugin saw: the server's status, 403 for a host not declared, 0 for no answer."""
    sent_bytes: int
    received_bytes: int
    duration_ms: float
    detail: str | None
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class EgressFilter:
    """Which entries are wanted; None leaves a thing open."""

    plugin_id: str | None = None
    host: str | None = None
    outcome: EgressOutcome | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Vital:
    """One part that the supervisor cannot do without."""

    name: str
    ok: bool
    detail: str
    """What is wrong with it; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class PluginCounts:
    """What one plugin has done since the server started."""

    plugin_id: str
    outcomes: dict[str, int]
    buckets: tuple[int, ...]
    """Deliveries by duration, each in one bucket; bounds in ``SupervisorFigures``."""
    seconds: float
    """Time that all of them took."""
    starts: int
    """Processes that were started."""


@dataclass(frozen=True, slots=True)
class SupervisorFigures:
    """Everything that a monitor collects of the supervisor."""

    processes: tuple[ProcessView, ...]
    counts: tuple[PluginCounts, ...]
    bounds_s: tuple[float, ...]
    requests: tuple[tuple[str, str, int], ...]
    """Plugin, outcome, and how many requests it made or was refused."""
    journal_rows: int
    journal_bytes: int
    journal_oldest_s: float
    fork_server_starts: int
