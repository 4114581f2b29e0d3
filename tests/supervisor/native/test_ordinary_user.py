"""The same cage where the server is not root."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AS_NOBODY = Path(__file__).parents[1] / "sandbox_check" / "as_nobody.py"
ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import json, sys
from pathlib import Path
import trio
from supervisor.native.plugin import NativeSettings, open_native
from supervisor.native.sealed import seal_program
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server

async def serve(name, arguments):
    return b"[]"

async def main():
    async with open_fork_server() as fork_server:
        settings = NativeSettings(fork_server, Cage(CageSettings()), serve, lambda line: None)
        with seal_program(Path(sys.argv[1])) as sealed:
            async with open_native(settings, sealed) as plugin:
                await plugin.init({})
                told = {"program": plugin.program_controls, "bridge": plugin.controls}
                for name in ("pid", "uid", "files"):
                    told[name] = json.loads(await plugin.call(name, b"", 20.0))
                await plugin.shutdown()
    print("told", json.dumps(told))

trio.run(main)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests have run as an ordinary user")
def test_an_ordinary_user_runs_plugins_in_namespaces_of_their_own(program):
    done = subprocess.run(
        [sys.executable, str(AS_NOBODY), sys.executable, "-c", PROGRAM, str(program("netrpc"))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.rpartition("told ")[2])
    assert {"seccomp", "landlock", "no_new_privs", "rlimits"} <= set(told["program"])
    assert {"seccomp", "landlock", "no_new_privs", "rlimits"} <= set(told["bridge"])
    assert "own_user" not in told["program"]
    assert set(told["files"].values()) == {"no"}
    if "pid_namespace" in told["program"]:
        assert told["pid"] == 1
        assert "mount_namespace" in told["program"]
