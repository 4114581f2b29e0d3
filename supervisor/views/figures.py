"""Metrics for monitoring."""

from dataclasses import dataclass

from supervisor.views.processes import ProcessView


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One part that the supervisor cannot do without."""

    name: str
    ok: bool
    detail: str
    """Problem; empty if there is none."""


@dataclass(frozen=True, slots=True)
class PluginCounts:
    """Counters of one plugin since the server started."""

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
