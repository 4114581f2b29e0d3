"""The whole check, on this machine, as root and as an ordinary user."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from supervisor.calls.host_calls import PERMISSIONS
from supervisor.process.cage import ALL_CONTROLS
from supervisor.sandbox_check import calls
from supervisor.sandbox_check.check import CheckOptions, run_check
from supervisor.sandbox_check.report import Result

OHD = Path(sys.executable).with_name("ohd")
FAMILIES = {
    *("files", "sockets", "processes", "memory", "powers", "channels", "foreign"),
    *("frames", "calls", "guests", "standing", "compiler"),
    *("bridge", "native", "query"),
}
LEAST_STOPPED = 150
"""Of plugins alone; children of other kinds are attacked besides."""
OTHER_KINDS = {"compiler", "bridge", "native", "query"}
RESULTS = {"stopped", "open", "harmless", "skipped"}


def run_ohd(before: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-m", "cli.main", "sandbox", "check", *words],
        capture_output=True,
        text=True,
        cwd="/",
        timeout=280,
        check=False,
    )


def check_json(before: list[str]) -> dict:
    result = run_ohd(before, "--json")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return json.loads(result.stdout)


def expect_sound(report: dict) -> None:
    attacks = report["attacks"]
    assert [a for a in attacks if a["result"] == "open"] == []
    assert report["open"] == 0
    stopped = [a for a in attacks if a["result"] == "stopped"]
    assert len([a for a in stopped if a["family"] not in OTHER_KINDS]) >= LEAST_STOPPED
    for kind in OTHER_KINDS:
        assert len([a for a in stopped if a["family"] == kind]) >= 100
    assert all(a["control"] == "succeeded" and a["by"] for a in stopped)
    assert all(a["detail"] for a in attacks if a["result"] in ("skipped", "harmless"))
    assert {a["family"] for a in attacks} == FAMILIES
    assert len({a["name"] for a in attacks}) == len(attacks)
    for result in RESULTS:
        assert report[result] == sum(a["result"] == result for a in attacks)


def test_nothing_is_open_for_whoever_runs_this():
    report = check_json([])
    expect_sound(report)
    assert set(report["attacks"][0]) == {"name", "family", "result", "by", "control", "detail"}
    assert {c["name"] for c in report["controls"]} == ALL_CONTROLS
    active = {c["name"] for c in report["controls"] if c["active"]}
    assert ("own_user" in active) == (os.geteuid() == 0)


def test_nothing_is_open_for_an_ordinary_user(ordinary_user):
    if not ordinary_user:
        pytest.skip("the test above has run as an ordinary user already")
    report = check_json(ordinary_user)
    expect_sound(report)
    active = {c["name"] for c in report["controls"] if c["active"]}
    assert "own_user" not in active


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_the_check_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before, children = descriptors(), set(psutil.Process().children())
    await run_check(CheckOptions(only=lambda name: name.startswith(("files.", "guests.grow"))))
    assert list(tmp_path.iterdir()) == []
    assert descriptors() <= before
    assert set(psutil.Process().children()) <= children


async def test_a_check_tells_of_each_attack_as_it_ends():
    told = []
    report = await run_check(CheckOptions(only=lambda name: name == "files.read"), told.append)
    kinds = ["bridge.", "compiler.", "", "native.", "query."]
    assert sorted(a.name for a in told) == [f"{kind}files.read" for kind in kinds]
    assert {a.result for a in report.attacks} == {Result.STOPPED}
    assert report.holds


async def test_a_hole_makes_the_check_fail():
    options = CheckOptions(
        switched_off=frozenset({"sealed_pages"}),
        only=lambda name: name == "memory.write_over_callback_code",
    )
    report = await run_check(options)
    if any(a.result is Result.SKIPPED for a in report.attacks):
        pytest.skip(report.attacks[0].detail)
    assert {a.result for a in report.attacks} == {Result.OPEN}
    assert not report.holds


async def test_permissions_that_were_never_requested_make_the_check_fail(monkeypatch):
    monkeypatch.setattr(calls, "granted", lambda requested, denied: PERMISSIONS)
    report = await run_check(CheckOptions(only=lambda name: name.startswith("calls.")))
    assert {a.result for a in report.attacks} == {Result.OPEN}
    assert {a.detail for a in report.attacks} == {
        "a reply was added",
        "a custom field was set",
        "a request was sent",
    }


async def test_a_child_gets_nothing_by_calls_that_its_module_never_requested():
    report = await run_check(CheckOptions(only=lambda name: name.startswith("calls.")))
    assert {(a.result, a.by, a.control) for a in report.attacks} == {
        (Result.STOPPED, "permissions", "succeeded")
    }
    assert len(report.attacks) == 4
