"""The supervisor's figures as Prometheus metrics: names, kinds and labels, and nothing else.

Pure: figures in, metric families out. Names follow the conventions of Prometheus: base units, and
``_total`` for what only grows. See https://prometheus.io/docs/practices/naming/.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from supervisor.states import PluginState
from supervisor.views import HealthCheck, PluginCounts, ProcessView, SupervisorFigures

_PLUGIN = ("plugin",)
_GAUGES: Sequence[tuple[str, str, Callable[[ProcessView], float | None]]] = (
    ("ohd_plugin_process_uptime_seconds", "Process uptime.", lambda v: v.uptime_s),
    (
        "ohd_plugin_process_cpu_percent",
        "Share of one processor, since the last sample.",
        lambda v: v.cpu_percent,
    ),
    (
        "ohd_plugin_process_resident_bytes",
        "Resident memory of the process.",
        lambda v: v.rss_bytes,
    ),
    (
        "ohd_plugin_process_own_memory_bytes",
        "Unique set size (USS): memory freed when the process ends.",
        lambda v: v.uss_bytes,
    ),
    ("ohd_plugin_process_threads", "Threads of the process.", lambda v: v.threads),
    (
        "ohd_plugin_guest_memory_bytes",
        "Linear memory of the guest.",
        lambda v: v.guest_memory_bytes,
    ),
    (
        "ohd_plugin_guest_memory_limit_bytes",
        "Limit of the guest's memory.",
        lambda v: v.guest_memory_limit_bytes,
    ),
    ("ohd_plugin_restarts", "Process restarts since the plugin was enabled.", lambda v: v.restarts),
    ("ohd_plugin_events_in_flight", "Events in flight.", lambda v: v.in_flight),
    ("ohd_plugin_events_waiting", "Events in the plugin's queue.", lambda v: v.waiting),
    (
        "ohd_plugin_oldest_event_waiting_seconds",
        "Age of the oldest event without a result.",
        lambda v: v.oldest_waiting_s,
    ),
    (
        "ohd_plugin_running",
        "1 if the process is ready.",
        lambda v: float(v.state is PluginState.RUNNING),
    ),
)


class Figures(Collector):
    """One look at the supervisor, as a registry wants it."""

    def __init__(
        self, figures: SupervisorFigures, vitals: Sequence[HealthCheck], version: str
    ) -> None:
        self._figures = figures
        self._vitals = vitals
        self._version = version

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield InfoMetricFamily("ohd", "Open Help Desk.", value={"version": self._version})
        yield from _of_processes(self._figures.processes)
        yield from _of_deliveries(self._figures.counts, self._figures.bounds_s)
        yield from _of_egress(self._figures.requests)
        yield from _of_supervisor(self._figures, self._vitals)


def _of_processes(processes: Iterable[ProcessView]) -> Iterator[Metric]:
    views = list(processes)
    for name, about, read in _GAUGES:
        gauge = GaugeMetricFamily(name, about, labels=_PLUGIN)
        for view in views:
            value = read(view)
            if value is not None:
                gauge.add_metric((view.plugin_id,), value)
        yield gauge
    states = GaugeMetricFamily(
        "ohd_plugin_state", "1 for the plugin's current state.", labels=("plugin", "state")
    )
    errors = CounterMetricFamily("ohd_plugin_errors", "Errors since installation.", labels=_PLUGIN)
    for view in views:
        errors.add_metric((view.plugin_id,), view.errors)
        for state in PluginState:
            states.add_metric((view.plugin_id, state.value), float(state is view.state))
    yield states
    yield errors


def _of_deliveries(counts: Iterable[PluginCounts], bounds: Sequence[float]) -> Iterator[Metric]:
    outcomes = CounterMetricFamily(
        "ohd_plugin_deliveries",
        "Deliveries since the server started.",
        labels=("plugin", "outcome"),
    )
    durations = HistogramMetricFamily(
        "ohd_plugin_delivery_seconds", "Delivery duration.", labels=_PLUGIN
    )
    starts = CounterMetricFamily(
        "ohd_plugin_process_starts",
        "Processes started since the server started.",
        labels=_PLUGIN,
    )
    for each in counts:
        for outcome, number in sorted(each.outcomes.items()):
            outcomes.add_metric((each.plugin_id, outcome), number)
        starts.add_metric((each.plugin_id,), each.starts)
        durations.add_metric(
            (each.plugin_id,), list(_cumulative(each.buckets, bounds)), each.seconds
        )
    yield outcomes
    yield durations
    yield starts


def _cumulative(buckets: Sequence[int], bounds: Sequence[float]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip((*map(str, bounds), "+Inf"), buckets, strict=True):
        total += count
        yield bound, total


def _of_egress(requests: Iterable[tuple[str, str, int]]) -> Iterator[Metric]:
    egress = CounterMetricFamily(
        "ohd_plugin_egress_requests",
        "Outbound requests since the server started.",
        labels=("plugin", "outcome"),
    )
    for plugin_id, outcome, number in requests:
        egress.add_metric((plugin_id, outcome), number)
    yield egress


def _of_supervisor(figures: SupervisorFigures, vitals: Sequence[HealthCheck]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "ohd_journal_rows", "Results waiting to be written.", value=figures.journal_rows
    )
    yield GaugeMetricFamily(
        "ohd_journal_bytes",
        "Memory used by results waiting to be written.",
        value=figures.journal_bytes,
    )
    yield GaugeMetricFamily(
        "ohd_journal_oldest_seconds",
        "Age of the oldest result waiting to be written.",
        value=figures.journal_oldest_s,
    )
    yield CounterMetricFamily(
        "ohd_fork_server_starts",
        "Fork servers started since the server started.",
        value=figures.fork_server_starts,
    )
    parts = GaugeMetricFamily("ohd_part_ok", "1 if the part works.", labels=("part",))
    for vital in vitals:
        parts.add_metric((vital.name,), float(vital.ok))
    yield parts
