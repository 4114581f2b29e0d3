"""Which failed tests are tried once more."""

import json
from pathlib import Path

import pytest

from tests.setup.again import unsteady_candidates


def last_run(folder: Path, status: int, *failed: str) -> Path:
    for name, value in {
        "open-help-desk/exit-status": status,
        "cache/lastfailed": dict.fromkeys(failed, True),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value))
    return folder


def test_up_to_three_failures_of_a_whole_run_are_tried_again(tmp_path):
    failed = ["tests/a.py::test_c", "tests/a.py::test_b", "tests/d.py::test_e"]
    assert unsteady_candidates(last_run(tmp_path, 1, *failed)) == sorted(failed)


@pytest.mark.parametrize("status", [0, 2, 3, 4, 5])
def test_a_run_that_did_not_reach_its_end_is_not(tmp_path, status):
    with pytest.raises(SystemExit, match="did not reach their end"):
        unsteady_candidates(last_run(tmp_path, status, "tests/a.py::test_b"))


def test_a_run_that_kept_nothing_is_not(tmp_path):
    with pytest.raises(SystemExit, match="did not reach their end"):
        unsteady_candidates(tmp_path)
    with pytest.raises(SystemExit, match="did not reach their end"):
        unsteady_candidates(last_run(tmp_path, 1))


def test_more_failures_than_a_bad_moment_explains_are_not(tmp_path):
    with pytest.raises(SystemExit, match="4 tests failed"):
        unsteady_candidates(last_run(tmp_path, 1, *(f"tests/a.py::test_{n}" for n in range(4))))
