"""Figures as metrics, read back by Prometheus' own parser."""

from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from supervisor.states import PluginState
from supervisor.views import HealthCheck, PluginCounts, ProcessView, SupervisorFigures
from webapp.monitoring.exposition import Figures

ODD = 'org.example."odd"\\n\n'


def process(**facts: Any) -> ProcessView:
    usual: dict[str, Any] = {
        "plugin_id": "org.example.a",
        "state": PluginState.RUNNING,
        "pid": 7,
        "uptime_s": 1.5,
        "restarts": 2,
        "cpu_percent": 3.5,
        "rss_bytes": 4_000_000,
        "uss_bytes": 3_000_000,
        "guest_memory_bytes": 65_536,
        "guest_memory_limit_bytes": 67_108_864,
        "threads": 2,
        "in_flight": 1,
        "waiting": 4,
        "oldest_waiting_s": 2.5,
        "events_a_minute": 12.0,
        "p50_ms": 0.5,
        "p95_ms": 1.5,
        "errors_24h": 3,
        "delivered": 10,
        "errors": 3,
        "last_error": None,
        "controls": (),
    }
    return ProcessView(**usual | facts)


def read(figures: SupervisorFigures, *vitals: HealthCheck) -> dict[tuple[Any, ...], float]:
    registry = CollectorRegistry()
    registry.register(Figures(figures, vitals, "1.2.3"))
    text = generate_latest(registry).decode()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figures(**facts: Any) -> SupervisorFigures:
    usual: dict[str, Any] = {
        "processes": (),
        "counts": (),
        "bounds_s": (0.1, 1.0),
        "requests": (),
        "journal_rows": 0,
        "journal_bytes": 0,
        "journal_oldest_s": 0.0,
        "fork_server_starts": 1,
    }
    return SupervisorFigures(**usual | facts)


def test_buckets_become_cumulative_and_sum_and_count_fit() -> None:
    counts = PluginCounts("org.example.a", {"ok": 5, "trap": 1}, (1, 2, 3), 9.5, 4)
    found = read(figures(counts=(counts,)))
    plugin = ("plugin", "org.example.a")
    bucket = "ohd_plugin_delivery_seconds_bucket"
    assert found[bucket, ("le", "0.1"), plugin] == 1
    assert found[bucket, ("le", "1.0"), plugin] == 3
    assert found[bucket, ("le", "+Inf"), plugin] == 6
    assert found["ohd_plugin_delivery_seconds_count", plugin] == 6
    assert found["ohd_plugin_delivery_seconds_sum", plugin] == 9.5
    assert found["ohd_plugin_deliveries_total", ("outcome", "trap"), plugin] == 1
    assert found["ohd_plugin_process_starts_total", plugin] == 4


def test_what_is_not_known_of_a_process_is_left_out() -> None:
    gone = process(
        state=PluginState.BACKING_OFF,
        uptime_s=None,
        cpu_percent=None,
        rss_bytes=None,
        uss_bytes=None,
        guest_memory_bytes=None,
        threads=None,
    )
    found = read(figures(processes=(gone,)))
    plugin = ("plugin", "org.example.a")
    assert ("ohd_plugin_process_resident_bytes", plugin) not in found
    assert ("ohd_plugin_process_own_memory_bytes", plugin) not in found
    assert found["ohd_plugin_running", plugin] == 0
    assert found["ohd_plugin_state", plugin, ("state", "backing_off")] == 1
    assert found["ohd_plugin_events_waiting", plugin] == 4
    assert found["ohd_plugin_restarts", plugin] == 2


def test_an_odd_name_of_a_plugin_stays_a_label() -> None:
    found = read(figures(processes=(process(plugin_id=ODD),)))
    assert found["ohd_plugin_process_own_memory_bytes", ("plugin", ODD)] == 3_000_000
    assert found["ohd_plugin_oldest_event_waiting_seconds", ("plugin", ODD)] == 2.5
    assert found["ohd_plugin_errors_total", ("plugin", ODD)] == 3


def test_parts_journal_egress_and_version_are_told() -> None:
    found = read(
        figures(requests=(("org.example.a", "refused", 2),), journal_oldest_s=11.5),
        HealthCheck("database", ok=True, detail=""),
        HealthCheck("journal", ok=False, detail="stuck"),
    )
    assert found["ohd_part_ok", ("part", "journal")] == 0
    assert found["ohd_part_ok", ("part", "database")] == 1
    assert found["ohd_journal_oldest_seconds",] == 11.5
    refused = ("outcome", "refused"), ("plugin", "org.example.a")
    assert found["ohd_plugin_egress_requests_total", *refused] == 2
    assert found["ohd_info", ("version", "1.2.3")] == 1


async def test_requests_are_counted_by_part_and_never_by_address(site: Any) -> None:
    ticket = await site.ticket()
    admin = await site.with_key("admin")
    await admin.get(f"/tickets/{ticket.id}")
    await admin.client.request("BREW", "/tickets")
    scrape = (await admin.get("/metrics")).text
    assert ticket.id not in scrape
    assert "BREW" not in scrape
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(scrape)
        for sample in family.samples
    }
    one = ("method", "GET"), ("part", "ticket"), ("status", "200")
    assert found["ohd_http_requests_total", *one] == 1
    assert found["ohd_http_request_seconds_count", ("part", "ticket")] == 1
