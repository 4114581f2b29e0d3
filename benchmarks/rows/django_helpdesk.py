"""Pages a second beside django-helpdesk, the other help desk in Python, on two gunicorn workers.

Both have as many tickets and replies, and somebody on the staff who is signed in. Its list is a
page that a second request fills; both are counted as one list.
"""

from contextlib import AsyncExitStack
from functools import partial

import trio

from benchmarks.bench import Bench
from benchmarks.django import build_django_helpdesk, open_django_helpdesk
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.served import make_desk, open_server
from benchmarks.wrk import WrkMissing, find_wrk, rate, readers
from tests.guests.toolchains import ToolMissing

_TICKETS, _ROUNDS = 1_000, 3
_PEER = "django-helpdesk"
_USERS = (1, 20, 100)
_REACH = {"ticket page": 10.0, "ticket list": 3.0}


async def measure(bench: Bench) -> list[Row]:
    """Ask both for the same pages, with 1, 20 and 100 readers at once."""
    try:
        find_wrk()
        await trio.to_thread.run_sync(build_django_helpdesk)
    except (WrkMissing, ToolMissing) as exc:
        return [Row.empty(readers(page, n), "/s", str(exc)) for page in _REACH for n in _USERS]
    tickets = bench.count(_TICKETS)
    desk = await make_desk(bench.workshop.folder / "beside-django", {}, tickets=tickets)
    async with AsyncExitStack() as running:
        ours = await running.enter_async_context(open_server(desk, plugins=0))
        peer = await running.enter_async_context(
            open_django_helpdesk(
                bench.workshop.folder / "django-helpdesk", tickets=tickets, replies=3 * tickets
            )
        )
        asked = {
            "ticket page": ([desk.ticket], [peer.ticket]),
            "ticket list": (["/tickets"], peer.list),
        }
        rows = []
        for page, reach in _REACH.items():
            our_paths, peer_paths = asked[page]
            for users in _USERS:
                samples = await interleave(
                    {
                        "ours": partial(rate, ours.address, desk.cookies, our_paths, users),
                        _PEER: partial(rate, peer.address, [peer.cookie], peer_paths, users),
                    },
                    rounds=min(bench.rounds, _ROUNDS),
                )
                limits = [Limit(reach, of=_PEER, at_least=True)]
                rows.append(Row.of(readers(page, users), "/s", samples, limits=limits))
        return rows
