"""The same cage where the server is not root, and where the server is killed."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

AS_NOBODY = Path(__file__).parents[1] / "sandbox_check" / "as_nobody.py"
HOST = str(Path(__file__).with_name("lone_host.py"))
ROOT = Path(__file__).resolve().parents[3]


def read(printed: str) -> dict:
    return dict(json.loads(printed.rpartition("told ")[2]))


@pytest.fixture
def short_folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="o") as folder:
        yield folder


def test_nothing_outlives_a_server_that_is_killed(program, short_folder):
    host = subprocess.Popen(
        [sys.executable, HOST, str(program("netrpc")), "stay"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": short_folder},
    )
    with host:
        line = next(line for line in host.stdout if "told " in line)
        pids = read(line)["pids"]
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        host.kill()
    ended = time.monotonic() + 120
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < ended
        time.sleep(0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests have run as an ordinary user")
@pytest.mark.parametrize("mode", ["", "grpc"])
def test_an_ordinary_user_runs_plugins_in_namespaces_of_their_own(program, mode):
    done = subprocess.run(
        [sys.executable, str(AS_NOBODY), sys.executable, HOST, str(program("netrpc", mode))],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = read(done.stdout)
    assert {"seccomp", "landlock", "no_new_privs", "rlimits"} <= set(told["program"])
    assert {"seccomp", "landlock", "no_new_privs", "rlimits"} <= set(told["bridge"])
    assert "own_user" not in told["program"]
    assert set(told["files"].values()) == {"no"}
    if "pid_namespace" in told["program"]:
        assert told["pid"] == 1
        assert "mount_namespace" in told["program"]
