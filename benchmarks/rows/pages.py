"""How many pages a second people get, asked for by wrk, with 20 plugins enabled and with none.

The two help desks are filled alike and run at once; the one that is not asked does nothing. wrk is
a Debian package: where it cannot be had, the cells are empty and say so.
"""

from contextlib import AsyncExitStack
from functools import partial

from benchmarks.bench import Bench
from benchmarks.harness import Contender, interleave
from benchmarks.model import Limit, Row
from benchmarks.served import Server, make_desk, open_server
from benchmarks.wrk import WrkMissing, find_wrk, rate, readers

_PLUGINS, _TICKETS = 20, 1_000
_ROUNDS = 3
_PEER = "without plugins"
_USERS = (1, 100)


async def measure(bench: Bench) -> list[Row]:
    """Compare with the same app without plugins."""
    try:
        find_wrk()
    except WrkMissing as exc:
        return [
            Row.empty(readers(page, users), "/s", str(exc))
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
            await _row(bench, ours, peer, page, users)
            for page in ("ticket page", "ticket list")
            for users in _USERS
        ]


async def _row(bench: Bench, ours: Server, peer: Server, page: str, users: int) -> Row:
    def contender(server: Server) -> Contender:
        path = server.desk.ticket if page == "ticket page" else "/tickets"
        return partial(rate, server.address, server.desk.cookies, [path], users)

    samples = await interleave(
        {"ours": contender(ours), _PEER: contender(peer)}, rounds=min(bench.rounds, _ROUNDS)
    )
    limits = [Limit(0.9, of=_PEER, at_least=True)]
    note = f"{bench.count(_PLUGINS)} plugins, idle"
    return Row.of(readers(page, users), "/s", samples, limits=limits, note=note)
