"""Views of plugin processes and their sandbox."""

from dataclasses import dataclass

from supervisor.states import PluginState


@dataclass(frozen=True, slots=True)
class ProcessPart:
    """One of a native plugin's two processes, read just now."""

    role: str
    """``program`` or ``bridge``."""
    pid: int
    cpu_percent: float | None
    rss_bytes: int | None
    uss_bytes: int | None
    threads: int | None
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessView:
    """The operating-system process of one enabled plugin, read just now.

    Of a native plugin: its program, with the usage of both of its processes together.
    """

    plugin_id: str
    state: PluginState
    pid: int | None
    uptime_s: float | None
    restarts: int
    cpu_percent: float | None
    rss_bytes: int | None
    uss_bytes: int | None
    """Memory that would be free if it ended; None where the system does not say."""
    guest_memory_bytes: int | None
    guest_memory_limit_bytes: int
    threads: int | None
    in_flight: int
    waiting: int
    oldest_waiting_s: float | None
    """Age of the oldest event without a result."""
    delivered: int
    events_a_minute: float
    """Over the last five minutes, or since the server started; less than one counts as one."""
    p50_ms: float | None
    p95_ms: float | None
    """Of the deliveries of the last hour; None where there were none."""
    errors: int
    errors_24h: int
    last_error: str | None
    controls: tuple[str, ...]
    parts: tuple[ProcessPart, ...] = ()
    """Both processes of a native plugin; empty where there is one process."""


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One plugin in one step of time. A figure is None where nothing was measured."""

    at: str
    """Begin of the step, RFC 3339 in UTC."""
    deliveries: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    waiting: int | None
    """Most events that waited."""
    cpu_percent: float | None
    """Mean; 100 is one core."""
    uss_bytes: int | None
    """Most."""
    guest_memory_bytes: int | None
    """Most."""


@dataclass(frozen=True, slots=True)
class PluginHistory:
    """Activity and resource usage of one plugin in the last hour (60 steps) or day (96 steps)."""

    plugin_id: str
    step_s: int
    points: tuple[HistoryPoint, ...]
    """Oldest first, without a gap; the last one is not over yet."""


@dataclass(frozen=True, slots=True)
class ControlView:
    """One step of the lockdown, as a child on this machine reports it."""

    name: str
    active: bool
    reason: str
    """Reason why it is inactive, or its extent."""


@dataclass(frozen=True, slots=True)
class SandboxView:
    """The lockdown of children on this machine, as found at start."""

    controls: tuple[ControlView, ...]
    """Every step; empty where there is a problem."""
    problem: str | None
    """Reason why no plugin can run, if a required control is unavailable; else None."""
