"""The time of day may jump: nothing that waits, restarts or gives up looks at it."""

import ast
from pathlib import Path

import pytest

from tests.faults.desk import DEADLINE_S, ROOT

JUMP_S = 20 * 86_400
"""Less than what records are kept for: retention goes by the time of day, and is right to."""
WRITES_DOWN = {
    "supervisor/delivery/journal.py",
    "supervisor/delivery/recorder.py",
    "supervisor/watching/sampling.py",
    "supervisor/native/program.py",
    "supervisor/store/places.py",
    "supervisor/store/plugin_data.py",
    "supervisor/store/plugins.py",
    "supervisor/store/recorded.py",
    "supervisor/store/redeliveries.py",
    "supervisor/store/versions.py",
    "supervisor/watching/overview.py",
}
"""Where the time of day is read in order to be written down or shown, and for nothing else."""
BY_THE_CLOCK = {
    "supervisor/calls/host_functions.py",  # time_now, which plugins ask for
    "supervisor/delivery/jobs.py",  # cron lines are about the time of day
    "supervisor/native/identity.py",  # certificates have dates
}
OF_DAY = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}


def looks_at_the_clock(path: Path) -> list[str]:
    """Return the lines of a module that ask for the time of day."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in OF_DAY:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [f"{path}: {alias.name}" for alias in node.names if "time" in alias.name]
    return found


def test_no_logic_of_the_supervisor_looks_at_the_time_of_day():
    modules = [*(ROOT / "supervisor").rglob("*.py"), *(ROOT / "sandbox_child/runtime").glob("*.py")]
    assert len(modules) > 40
    logic = [m for m in modules if str(m.relative_to(ROOT)) not in WRITES_DOWN | BY_THE_CLOCK]
    assert [line for module in logic for line in looks_at_the_clock(module)] == []
    # What it looks for is there to be found.
    for name in WRITES_DOWN | BY_THE_CLOCK:
        assert looks_at_the_clock(ROOT / name)


@pytest.mark.parametrize("jump_s", [JUMP_S, -JUMP_S])
def test_deliveries_go_on_while_the_clock_jumps(jump_s, site, serve):
    server = serve(f"clock:{jump_s}")
    subjects = ["A ticket", "~l loops", "~t traps", "A ticket"] * 2
    for subject in subjects:
        assert server.ticket(subject) == 201
    books = server.wait_settled()
    assert books.problems == []
    assert (books.outcomes["timeout"], books.outcomes["trap"]) == (2, 2)
    assert books.redelivered == 0
    for microseconds in books.timeouts_us:
        assert DEADLINE_S * 0.9 <= microseconds / 1e6 < DEADLINE_S + 5.0
    assert server.stop() == 0
    assert site.left_over(server) == []


def test_what_is_written_after_a_restart_with_the_clock_back_stands_last(site, serve):
    server = serve()
    for subject in ("one", "two"):
        assert server.ticket(subject) == 201
    _, listed = server.request("GET", "/api/tickets?sort=created_at")
    one = f"/api/tickets/{listed['data'][0]['id']}"
    assert server.request("POST", f"{one}/replies", {"body": "before"})[0] == 201
    assert server.stop() == 0
    server = serve("off:-3600")
    assert server.request("POST", f"{one}/replies", {"body": "after"})[0] == 201
    assert server.ticket("three") == 201
    _, said = server.request("GET", f"{one}/replies?per_page=200")
    people = [reply["body"] for reply in said["data"] if reply["author"]["role"] != "plugin"]
    assert people == ["before", "after"]
    server.wait_settled()
    _, listed = server.request("GET", "/api/tickets?sort=-created_at")
    assert [row["subject"] for row in listed["data"]] == ["three", "two", "one"]
    assert server.stop() == 0
