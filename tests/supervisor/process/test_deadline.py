"""The watch over a child sleeps when nothing runs, whatever it was told before."""

from typing import Any

import trio

from supervisor.process.deadline import Deadline

MOST_LOOKS = 100


class Rested:
    """A conversation in which nothing runs; asking it again and again is an error."""

    def __init__(self) -> None:
        self.looks = 0

    def busy_since(self) -> float | None:
        self.looks += 1
        assert self.looks < MOST_LOOKS, "the watch turns round and round, and nobody else runs"
        return None

    def allowed_s(self, deadline_s: float) -> float:
        return deadline_s


class Idle:
    def cpu_s(self) -> float:
        return 0.0


async def test_a_child_that_ended_at_its_deadline_does_not_stop_everybody_else(
    autojump_clock: Any,
) -> None:
    conversation: Any = Rested()
    handle: Any = Idle()
    deadline = Deadline(handle, conversation, lambda: 5.0, 0.1)
    # Its last guest call has ended the child, so nobody said that it rests.
    deadline.begin()
    with trio.move_on_after(60):
        await deadline.passed()
    assert conversation.looks < MOST_LOOKS


async def test_the_watch_wakes_when_a_child_has_something_to_do(autojump_clock: Any) -> None:
    conversation: Any = Rested()
    handle: Any = Idle()
    deadline = Deadline(handle, conversation, lambda: 5.0, 0.1)
    ended = trio.Event()

    async def watch() -> None:
        assert await deadline.passed() is None
        ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await trio.sleep(1.0)
        began = trio.current_time()
        conversation.busy_since = lambda: began
        deadline.begin()
        with trio.fail_after(6.0):
            await ended.wait()
    assert trio.current_time() - began >= 5.1
