"""A body that is taken in pieces arrives no faster than it is taken."""

import pytest
import trio
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.http.streamed import AHEAD_BYTES, PacedBody

PIECE = b"x" * 16_384


async def test_the_sender_waits_until_what_arrived_was_taken(nursery: trio.Nursery) -> None:
    body, most, total = PacedBody(None, None), 0, 200

    async def arrive() -> None:
        nonlocal most
        for _ in range(total):
            body.append(PIECE)
            most = max(most, len(body._data))
            await body.wait_for_room()
        body.set_complete()

    nursery.start_soon(arrive)
    await trio.testing.wait_all_tasks_blocked()
    assert len(body._data) <= AHEAD_BYTES + len(PIECE)
    taken = 0
    async for piece in body:
        taken += len(piece)
        await trio.lowlevel.checkpoint()
    assert taken == total * len(PIECE)
    assert most <= AHEAD_BYTES + len(PIECE)


async def test_all_that_arrives_counts_towards_the_limit() -> None:
    body = PacedBody(None, 3 * len(PIECE))
    for _ in range(3):
        body.append(PIECE)
        await anext(body)
    body.append(b"one more")
    with pytest.raises(RequestEntityTooLarge):
        await anext(body)


async def test_what_nobody_takes_any_more_is_dropped() -> None:
    body = PacedBody(None, None)
    body.append(b"x" * (AHEAD_BYTES + 1))
    body.abandon()
    body.append(PIECE)
    await body.wait_for_room()
    assert len(body._data) == 0
