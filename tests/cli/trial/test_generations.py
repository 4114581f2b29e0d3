"""GoatKit plugins of each generation, in each compiler's shape, on a help desk with tickets."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio

from cli.compose import Application
from cli.trial.desk import open_trial_desk
from cli.trial.function_call import FunctionCall, call_function, install
from supervisor.text import clean_text
from tests.guests.goatkit_guests import build_goatkit, goatkit_names
from tests.guests.toolchains import CACHE, ToolMissing

READ = ("db:read",)
STATES = "SELECT status, count(*) FROM tickets GROUP BY 1"

CALLS: Mapping[str, list[FunctionCall]] = {
    "stats": [
        FunctionCall("overview", user="admin", grants=READ),
        FunctionCall("overview", {"range": "7d"}, user="agent"),
        FunctionCall("overview", {"query": {"range": "7d"}}, user="agent"),
        FunctionCall("by", {"what": "status"}, user="agent"),
        FunctionCall("by", {"what": "queue"}, user="agent"),
        FunctionCall("by", {"what": "owner"}, user="agent"),
        FunctionCall("by", {"what": "nothing"}, user="agent"),
        FunctionCall("timeline", user="agent"),
        FunctionCall("w_overview", user="agent", language="de", grants=("cache",)),
        FunctionCall("w_overview", user="agent", language="de"),
        FunctionCall("w_status", user="customer"),
        FunctionCall("w_chart", user="agent"),
        FunctionCall("page", user="agent", language="de"),
        FunctionCall("csv", user="agent"),
        FunctionCall("job"),
        FunctionCall("nothing_of_this_name"),
    ],
    "go-command": [FunctionCall("by_status", user="admin", grants=READ)],
    "whole": [
        FunctionCall("count", user="admin", grants=("db:read:ticket",)),
        *(FunctionCall(name) for name in ("echo", "scalar", "list", "notjson", "wild", "go")),
    ],
    "tinygo": [FunctionCall("count", user="admin", grants=READ), FunctionCall("echo")],
}
HELLO = [
    FunctionCall("hello", {"name": "ä"}),
    FunctionCall("hello"),
    FunctionCall("nothing"),
    FunctionCall("status"),
    FunctionCall("panic"),
    FunctionCall("echo", {"again": 1}),
]


def calls_of(name: str) -> list[FunctionCall]:
    """Return the calls of a plugin, whatever it was compiled to."""
    family = name if name in CALLS else name.partition("-")[0]
    return HELLO if family == "hello" else CALLS[family]


@dataclass
class Seen:
    """What came of one plugin."""

    id: str = ""
    warnings: tuple[str, ...] = ()
    results: list[Any] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    problem: str = ""


@pytest.fixture(scope="module")
def seen() -> Mapping[str, Seen]:
    """Run them all on one help desk; also returns its tickets by status, as ``raw``."""
    found: dict[str, Seen] = {}
    cache = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(CACHE)
    try:
        trio.run(_run_all, found)
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        if cache is not None:
            os.environ["XDG_CACHE_HOME"] = cache
    return found


async def _run_all(found: dict[str, Seen]) -> None:
    async with open_trial_desk() as application:
        rows = await application.helpdesk.database.read(lambda db: db.execute(STATES).fetchall())
        found["raw"] = Seen(results=[dict(rows)])
        for name in goatkit_names():
            found[name] = Seen()
            try:
                await _run_one(application, name, found[name])
            except Exception as exc:  # the test of this plugin says it
                found[name].problem = clean_text(f"{type(exc).__name__}: {exc}", 500)


async def _run_one(application: Application, name: str, seen: Seen) -> None:
    try:
        module = await trio.to_thread.run_sync(build_goatkit, name)
    except ToolMissing as missing:
        seen.problem = f"missing: {missing}"
        return
    plugin = await install(application, module.read_bytes())
    seen.id, seen.warnings = plugin.id, plugin.warnings
    for asked in calls_of(name):
        result, lines = await call_function(application, plugin, asked)
        seen.outcomes.append(result.outcome)
        seen.results.append(json.loads(result.value) if result.value else None)
        seen.logs = [line.message for line in lines]
    await application.supervisor.controls.uninstall(plugin.id, actor="test")


@pytest.fixture
def of(seen: Mapping[str, Seen]) -> Callable[[str], Seen]:
    def get(name: str) -> Seen:
        if seen[name].problem.startswith("missing: "):
            pytest.skip(seen[name].problem)
        assert not seen[name].problem, seen[name].problem
        return seen[name]

    return get


def test_the_numbers_of_statistics_are_those_of_the_rows(
    seen: Mapping[str, Seen], of: Callable[[str], Seen]
) -> None:
    raw, stats = seen["raw"].results[0], of("stats")
    total = sum(raw.values())
    closed = raw["Resolved"] + raw["Closed"]
    whole, week, week_by_query, by_status, by_queue, by_owner, missing, timeline = stats.results[:8]
    assert whole == {"total": total, "open": total - closed, "pending": 0, "closed": closed}
    assert 0 < week["total"] < total
    assert week_by_query == week
    assert {row["name"]: row["count"] for row in by_status["status"]} == raw
    assert sum(row["count"] for row in by_queue["queues"]) == total
    assert {row["email"] for row in by_owner["owner"]} == {"staff@example.com", "priya@example.com"}
    assert missing == {"error": "unknown report", "status": 404}
    assert sum(row["count"] for row in timeline["timeline"]) == total


def test_statistics_has_widgets_pages_files_and_a_job(of: Callable[[str], Seen]) -> None:
    stats = of("stats")
    widget, cached, status, chart, page, csv, job, unknown = stats.results[8:]
    assert "Offen" in widget["html"]
    assert cached == widget
    assert "gk-badge" in status["html"]
    assert "/static/vendor/chart.min.js" in chart["html"]
    assert page["title"] == "Statistik"
    assert csv["_binary"] is True
    assert (job["tickets"] > 0, job["admins"], job["sent"]) == (True, 1, 0)
    assert "unknown function" in unknown["error"]
    assert any(line.startswith("send_email: not ") for line in stats.logs), stats.logs
    assert stats.outcomes == ["ok"] * len(stats.outcomes)


def test_a_command_of_standard_go_serves_after_its_main_has_ended(
    of: Callable[[str], Seen],
) -> None:
    assert sum(row["count"] for row in of("go-command").results[0]) > 5


@pytest.mark.parametrize("name", ["hello", "hello-command", "hello-reactor"])
def test_generation_a_in_rust(of: Callable[[str], Seen], name: str) -> None:
    hello = of(name)
    assert hello.id == "goatkit.hello-goat"
    greeted, bare, nothing, status, _panic, echo = hello.results
    assert greeted == {"message": "Hello!", "args": {"name": "ä"}}
    assert bare == {"message": "Hello!", "args": None}
    assert nothing is None
    assert status == {"error": "nope", "status": 418}
    assert echo == {"again": 1}
    assert hello.outcomes == ["ok", "ok", "ok", "ok", "trap", "ok"]
    for part in ("routes[2].path", "jobs[0].schedule", "i18n", "permissions", "templates"):
        assert any(part in warning for warning in hello.warnings), part
    # As there, every other word is GET.
    assert any("FETCH" in warning and "GET is used" in warning for warning in hello.warnings)


@pytest.mark.parametrize("name", ["whole", "whole-command"])
def test_generation_c_in_zig(of: Callable[[str], Seen], name: str) -> None:
    whole = of(name)
    assert whole.outcomes == ["ok", "ok", "ok", "ok", "trap", "trap", "ok"]
    counted, echo, scalar, several, _not_json, _wild, redirect = whole.results
    assert counted[0]["total"] > 5
    assert echo == {"empty": True}
    assert (scalar, several) == (42, [1, 2])
    assert redirect == {"redirect": "/zig", "status": 302}
    for part in ("uis", "mcp_tools", "cascades", "entity", "teleport", "nonsense", "javascript:"):
        assert any(part in warning for warning in whole.warnings), part


@pytest.mark.parametrize("name", ["tinygo", "tinygo-reactor", "tinygo-javascript"])
def test_the_shapes_of_tinygo(of: Callable[[str], Seen], name: str) -> None:
    tiny = of(name)
    assert tiny.id == "goatkit.tiny-stats"
    assert tiny.outcomes == ["ok", "ok"]
    assert tiny.results[0][0]["total"] > 5
    assert tiny.results[1] is None
    assert "counting" in tiny.logs
