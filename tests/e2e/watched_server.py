"""``ohd`` with a watch over its loop: ``python -m tests.e2e.watched_server REPORT ARGUMENTS…``.

At its end it writes into the file ``REPORT`` how much processor time the dearest steps took, each
with where its task stood behind it. A step is what one task does between two looks at the loop: for
so long nothing else in the server moves.

It is the processor's time that counts, not the clock's: on a machine with much to do a step may
have to wait for a processor, or for the interpreter's lock, for as long as it pleases the others.
Waiting for a disk or the network is no processor time; the calls that are known to do that are
noted by their names instead (PEP 578).
"""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import trio

from cli.main import main

KEPT = 10
FIRST_REQUEST = "TrioASGIHTTPConnection.handle_request"
MAY_WAIT = frozenset({"sqlite3.connect", "socket.getaddrinfo", "os.system", "os.posix_spawn"})


class Watch(trio.abc.Instrument):
    """Measures every step of the loop."""

    def __init__(self, *, serving: bool = False) -> None:
        self.steps = 0
        self.dearest: list[tuple[float, str]] = []
        self.waits: set[str] = set()
        self._thread = threading.get_ident()
        self._began: float | None = None
        self._serving = serving

    def before_run(self) -> None:
        self._thread = threading.get_ident()
        sys.addaudithook(self._heard)

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        # Nobody waits for anything before the first request.
        self._serving = self._serving or task.name.endswith(FIRST_REQUEST)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began = time.thread_time()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if self._began is None:
            return  # the watch began within this step
        took, self._began = time.thread_time() - self._began, None
        if not self._serving:
            return
        self.steps += 1
        if len(self.dearest) < KEPT or took > self.dearest[-1][0]:
            self.dearest.append((took, f"{task.name}: {where(task)}"))
            self.dearest = sorted(self.dearest, reverse=True)[:KEPT]

    def _heard(self, event: str, _arguments: tuple[Any, ...]) -> None:
        in_a_step = self._began is not None and threading.get_ident() == self._thread
        if in_a_step and event in MAY_WAIT:
            frame, names = sys._getframe(1), []
            while frame is not None and len(names) < 6:
                names.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
                frame = frame.f_back  # type: ignore[assignment]
            self.waits.add(f"{event} in {' < '.join(names)}")

    def report(self) -> dict[str, Any]:
        return {"steps": self.steps, "dearest": self.dearest, "waits": sorted(self.waits)}


def where(task: trio.lowlevel.Task) -> str:
    """Return the functions that a task is in, innermost last."""
    frames = [frame.f_code for frame, _ in task.iter_await_frames()]
    return " > ".join(f"{Path(code.co_filename).stem}.{code.co_name}" for code in frames[-6:])


def watched(report: Path) -> None:
    """Let Trio run with the watch."""
    run = trio.run

    def run_watched(*arguments: Any, **settings: Any) -> Any:
        watch = Watch()
        try:
            return run(*arguments, instruments=[watch], **settings)
        finally:
            report.write_text(json.dumps(watch.report()))

    trio.run = run_watched


if __name__ == "__main__":
    watched(Path(sys.argv.pop(1)))
    main()
