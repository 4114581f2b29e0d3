"""``ohd serve`` as a real process: started, watched by pidfd, killed, and looked at afterwards."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
OHD = (sys.executable, "-m", "cli.main")
PATIENCE_S = 120
"""For whatever a loaded machine takes long for: only what never comes costs so much."""


def ohd(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*OHD, *arguments],
        cwd=cwd,
        env=_environment(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@dataclass
class ServerProcess:
    """One help desk on disk, and the server that runs on it at the moment."""

    folder: Path
    options: Sequence[str] = ()
    url: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _starts: int = field(default=0, init=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """Everything that the running server has written."""
        return self._log_path.read_text("utf-8")

    @property
    def _log_path(self) -> Path:
        return self.folder / f"server-{self._starts}.log"

    def start(self) -> None:
        """Start the server and wait until it says where it is. Blocking."""
        self._starts += 1
        command = [*OHD, "serve", "--port", "0", "--data", str(self.data), *self.options]
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=_environment(), stdout=log, stderr=log
            )
        self.url = self._wait_for(r"Open Help Desk is at (http://\S+)")

    def _wait_for(self, pattern: str) -> str:
        assert self._process is not None
        end = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, self.log)) is None:
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the server did not start:\n{self.log}")
            time.sleep(0.02)
        return found[1]

    def family(self) -> dict[int, int]:
        """Return a pidfd for the server and each process that it has made, by process id."""
        server = psutil.Process(self.pid)
        everybody = [server, *server.children(recursive=True)]
        return {process.pid: os.pidfd_open(process.pid) for process in everybody}

    def kill(self) -> None:
        """``kill -9`` the server, and see that none of its processes is left."""
        family = self.family()
        assert len(family) >= 2, "a server without a fork server is no test of what it leaves"
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(PATIENCE_S)
        assert still_there(family) == []

    def stop(self) -> int:
        """Ask the server to stop, and see that none of its processes is left."""
        assert self._process is not None
        if self._process.poll() is not None:
            return self._process.returncode
        family = self.family()
        self._process.terminate()
        code = self._process.wait(PATIENCE_S)
        assert still_there(family) == []
        return code


def still_there(family: dict[int, int], *, within_s: float = PATIENCE_S) -> list[int]:
    """Return the processes that have not ended after so long; closes the pidfds."""
    end = time.monotonic() + within_s
    left = []
    for pid, pidfd in family.items():
        ended, _, _ = select.select([pidfd], [], [], max(0.0, end - time.monotonic()))
        if not ended:
            left.append(pid)
        os.close(pidfd)
    return left


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OHD_")}
    return {**kept, "PYTHONPATH": str(ROOT)}
