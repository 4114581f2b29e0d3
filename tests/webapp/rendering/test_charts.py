"""Charts: what was measured is drawn at its height, and what was not leaves a gap."""

import re
from typing import Any

from supervisor.views import HistoryPoint, PluginHistory
from webapp.rendering.charts import HEIGHT, SPARK_HEIGHT, STEP, charts, spark


def history(*points: dict[str, Any], step_s: int = 60) -> PluginHistory:
    usual: dict[str, Any] = {
        "at": "2026-04-05T14:00:00Z",
        "deliveries": 0,
        "errors": 0,
        "p50_ms": None,
        "p95_ms": None,
        "waiting": None,
        "cpu_percent": None,
        "uss_bytes": None,
        "guest_memory_bytes": None,
    }
    return PluginHistory("a.b", step_s, tuple(HistoryPoint(**usual | one) for one in points))


def test_bars_stand_on_the_ground_and_errors_below_the_rest() -> None:
    first = charts(history({"deliveries": 10, "errors": 5}, {}, {"deliveries": 5}))[0]
    good, bad = first.series
    assert bad.path == f"M0 {HEIGHT}V{HEIGHT // 2}H{STEP - 1}V{HEIGHT}z"
    assert good.path.startswith(f"M0 {HEIGHT // 2}V0H{STEP - 1}")
    assert f"M{2 * STEP} {HEIGHT}V{HEIGHT // 2}" in good.path
    assert (good.latest, bad.latest, first.top) == ("10", "5", "10")
    assert first.sentence == ("Deliveries per minute: 15 in total, 5 errors, peak 10")


def test_a_line_breaks_where_nothing_was_measured() -> None:
    points = [{"cpu_percent": 1.0}, {"cpu_percent": 2.0}, {}, {"cpu_percent": 4.0}, {}]
    cpu = charts(history(*points))[2]
    assert cpu.series[0].path == f"M0 75h2L{STEP} 50M{3 * STEP} 0h2"
    assert cpu.series[0].latest == "4.0 %"
    assert cpu.sentence == "CPU: now mean 4.0 %; peak 4.0 %"


def test_a_plugin_that_did_nothing_has_empty_charts_that_say_so() -> None:
    found = charts(history(*[{}] * 96, step_s=900))
    assert found[0].title == "Deliveries per 15 minutes"
    assert [series.path for chart in found for series in chart.series] == [""] * 8
    assert found[1].sentence == "Delivery time: no data yet"
    drawn = spark(history(*[{}] * 60))
    assert drawn.sentence == "0 deliveries in the last hour, 0 errors"
    assert drawn.good == drawn.bad == ""


def test_a_sparkline_shows_few_deliveries_and_single_errors() -> None:
    drawn = spark(history({"deliveries": 1}, {"deliveries": 1000, "errors": 1}))
    assert drawn.sentence == "1,001 deliveries in the last hour, 1 error"
    first, second = re.findall(r"M(\d+) ([\d.]+)V([\d.]+)", drawn.good)
    assert (first[0], second[0]) == ("1", "3")
    assert float(first[1]) - float(first[2]) >= 1.5
    assert second[2] == "0"
    assert drawn.bad == f"M3 {SPARK_HEIGHT}V{SPARK_HEIGHT - 1.5:g}"
