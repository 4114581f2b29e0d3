"""A supervisor to be killed: three plugin children, all looping, and their fork server.

    python lonely_supervisor.py MODULE FOLDER

Writes the ids of all its processes to standard error, and would run for an hour.
"""

import sys
from pathlib import Path

import psutil
import trio

from supervisor.limits import Limits
from supervisor.process.forkserver import open_fork_server
from tests.children import Recorder, Workshop, event, no_answer, serve

COUNT = 3
LIMITS = Limits(deadline_s=3600)


async def main(module: bytes, folder: Path) -> None:
    async with open_fork_server() as fork_server, trio.open_nursery() as nursery:
        workshop = Workshop(fork_server, folder)
        for _ in range(COUNT):
            recorder = Recorder(1, no_answer)
            session = await workshop.spawn(module, LIMITS, recorder.hooks())
            nursery.start_soon(serve, session, recorder, [event()])
            await recorder.ready.wait()
        sys.stderr.write(" ".join(str(c.pid) for c in psutil.Process().children()) + "\n")


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]))
