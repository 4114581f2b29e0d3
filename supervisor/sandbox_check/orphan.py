"""A supervisor that is about to be killed: makes one child, prints its process id, and waits.

Run as a program by ``standing``.
"""

import json
import logging
import sys
from dataclasses import replace

import structlog
import trio

from sandbox_child.wire.spec import AttackSpec
from supervisor.limits import DEFAULT_LIMITS
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.attempt import open_attacker


async def main(told: str) -> None:
    """``told``: JSON with the controls to leave out (``off``) and the user to become (``uid``)."""
    wish = json.loads(told)
    cage = replace(
        Cage(CageSettings()).plugin(DEFAULT_LIMITS),
        switched_off=tuple(wish["off"]),
        uid=wish["uid"],
    )
    spec = AttackSpec("attack", cage, "stay", inside="plugin", targets={})
    async with (
        open_fork_server(wish["off"], attacks=True) as fork_server,
        open_attacker(fork_server, spec, ()) as attacker,
    ):
        await attacker.hear()
        sys.stdout.write(f"{attacker.handle.pid}\n")
        sys.stdout.flush()
        await trio.sleep_forever()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    trio.run(main, sys.argv[1])
