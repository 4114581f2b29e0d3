"""Twenty seconds of the soak, with one plugin of each kind; and what it would notice."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.books import Books
from tests.soak.soaking import PLUGINS, Outcome, Reading, make, problems, soak

SECONDS, PER_SECOND = 20, 10


def test_nothing_grows_and_every_event_is_accounted_for(tmp_path: Path) -> None:
    site = make(tmp_path / "site", dict.fromkeys(PLUGINS, 1))
    outcome = soak(site, SECONDS, PER_SECOND, readings=20)
    assert outcome.problems == []
    books = outcome.books
    assert books.events == books.accounted
    assert books.delivered
    assert {"trap", "timeout", "exit"} <= set(books.outcomes)


STEADY = Reading(descriptors=40, processes=13, server_mb=90.0, fork_server_mb=36.0)
WELL = Outcome(
    seconds=60.0,
    readings=[STEADY] * 8,
    books=Books(),
    tables={"deliveries": (0, 0), "plugin_logs": (0, 0), "plugins": (11, 11), "sessions": (1, 1)},
    database_mb=(1.0, 2.0),
    free_share=0.0,
    left_over=[],
    switched_off=[],
)


def test_what_is_steady_is_well() -> None:
    assert problems(WELL) == []


@pytest.mark.parametrize(
    ("grown", "said"),
    [
        ({"descriptors": 60}, "descriptors"),
        ({"processes": 20}, "processes"),
        ({"server_mb": 120.0}, "server_mb"),
        ({"fork_server_mb": 60.0}, "fork_server_mb"),
    ],
)
def test_growth_is_noticed(grown: dict[str, float], said: str) -> None:
    late = [replace(STEADY, **grown)] * 2
    [problem] = problems(replace(WELL, readings=[STEADY] * 6 + late))
    assert said in problem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"left_over": ["process 7"]}, "process 7"),
        ({"free_share": 0.6}, "60%"),
        ({"tables": {**WELL.tables, "sessions": (1, 90)}}, "sessions"),
        ({"tables": {**WELL.tables, "plugin_logs": (0, 90_000)}}, "log lines"),
        ({"tables": {**WELL.tables, "deliveries": (0, 3)}}, "3 deliveries"),
    ],
)
def test_what_is_left_lying_about_is_noticed(change: dict[str, object], said: str) -> None:
    [problem] = problems(replace(WELL, **change))
    assert said in problem
