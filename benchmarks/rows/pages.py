"""How many pages a second people get, asked for by wrk, with 20 plugins enabled and with none.

The two help desks are filled alike and run at once; the one that is not asked does nothing. wrk is
a Debian package: where it cannot be had, the cells are empty and say so.
"""

import re
import shutil
import subprocess
from contextlib import AsyncExitStack
from functools import partial

import trio

from benchmarks.bench import Bench
from benchmarks.harness import Contender, interleave
from benchmarks.model import Limit, Row
from benchmarks.served import NotServed, Server, make_desk, open_server

_PLUGINS, _TICKETS = 20, 1_000
_SECONDS = 2
"""How long wrk asks: a hundred users at once wait for about a second."""
_ROUNDS = 3
_PEER = "without plugins"
_USERS = (1, 100)
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_BROKEN = re.compile(r"Non-2xx or 3xx responses: \d+|Socket errors: .*")


async def measure(bench: Bench) -> list[Row]:
    """Compare with the same app without plugins."""
    wrk = shutil.which("wrk")
    if wrk is None:
        why = "wrk is not installed: `apt-get install wrk`"
        return [
            Row.empty(_name(page, users), "/s", why)
            for page in ("ticket page", "ticket list")
            for users in _USERS
        ]
    folder, tickets = bench.workshop.folder, bench.count(_TICKETS)
    number = bench.count(_PLUGINS)
    with_plugins = await make_desk(folder / "with", {"wat/noop": number}, tickets=tickets)
    without = await make_desk(folder / "without", {}, tickets=tickets)
    async with AsyncExitStack() as running:
        ours = await running.enter_async_context(open_server(with_plugins, plugins=number))
        peer = await running.enter_async_context(open_server(without, plugins=0))
        return [
            await _row(bench, wrk, ours, peer, page, users)
            for page in ("ticket page", "ticket list")
            for users in _USERS
        ]


async def _row(bench: Bench, wrk: str, ours: Server, peer: Server, page: str, users: int) -> Row:
    command = [wrk, "-t1", f"-c{users}", f"-d{_SECONDS}s", "--timeout", "30s"]

    def contender(server: Server) -> Contender:
        path = server.desk.ticket if page == "ticket page" else "/tickets"
        return partial(trio.to_thread.run_sync, _rate, command, server, path)

    samples = await interleave(
        {"ours": contender(ours), _PEER: contender(peer)}, rounds=min(bench.rounds, _ROUNDS)
    )
    limits = [Limit(0.9, of=_PEER, at_least=True)]
    note = f"{bench.count(_PLUGINS)} plugins, idle"
    return Row.of(_name(page, users), "/s", samples, limits=limits, note=note)


def _name(page: str, users: int) -> str:
    return f"{page}, {users} user{'s' if users > 1 else ''}"


def _rate(command: list[str], server: Server, path: str) -> float:
    """Return the pages a second that wrk counted; raises NotServed where one was refused."""
    cookie = f"Cookie: {server.desk.cookie}"
    done = subprocess.run(
        [*command, "-H", cookie, server.address + path],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    broken, rate = _BROKEN.search(done.stdout), _RATE.search(done.stdout)
    if broken or rate is None or not float(rate[1]):
        raise NotServed(f"{path}: {broken[0] if broken else done.stdout}")
    return float(rate[1])
