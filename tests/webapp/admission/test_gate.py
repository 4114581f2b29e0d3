"""Places go round fairly: whoever has had the least comes next, and nobody holds one for ever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from webapp.admission.gate import TICK_S, Crowded, Gate


def gate(**given: Any) -> Gate:
    usual = {"most": 1, "most_each": 1, "hold_s": 60.0, "waiting_each": 10}
    return Gate(**usual | given)


@asynccontextmanager
async def running(*gates: Gate) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        for one in gates:
            nursery.start_soon(one.run)
        yield
        nursery.cancel_scope.cancel()


def line_up(at: Gate, order: list[str], *keys: str) -> None:
    for key in keys:
        at.ask(key, lambda _place, key=key: order.append(key))


async def hand_round(at: Gate, place: Any, order: list[str]) -> None:
    """Give each place back as soon as it is had, until nobody waits."""
    waiters = []
    at.leave(place)
    while at.waiting or at.at_work:
        held = list(at._held)
        waiters += held
        for one in held:
            at.leave(one)


async def test_one_who_asks_for_much_waits_behind_one_who_asks_for_little(
    autojump_clock: Any,
) -> None:
    at, order = gate(), list[str]()
    first = await at.enter("much")
    line_up(at, order, *["much"] * 5, "little", "another")
    await hand_round(at, first, order)
    assert set(order[:2]) == {"little", "another"}
    assert order[2:] == ["much"] * 5


async def test_time_that_a_place_was_held_counts(autojump_clock: Any) -> None:
    at, order = gate(), list[str]()
    for key, held_s in (("slow", 1.0), ("quick", 0.01)):
        async with at.place(key):
            await trio.sleep(held_s)
    blocker = await at.enter("blocker")
    line_up(at, order, "slow", "slow", "quick", "quick", "quick")
    await hand_round(at, blocker, order)
    assert order == ["quick"] * 3 + ["slow"] * 2


async def test_no_more_than_so_many_at_once_in_all_and_for_each(autojump_clock: Any) -> None:
    at = gate(most=3, most_each=2)
    most_of = {"a": 0, "b": 0}
    now = {"a": 0, "b": 0}
    most = 0

    async def work(key: str) -> None:
        nonlocal most
        async with at.place(key):
            now[key] += 1
            most_of[key] = max(most_of[key], now[key])
            most = max(most, sum(now.values()))
            await trio.sleep(0.1)
            now[key] -= 1

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(work, "a")
            nursery.start_soon(work, "b")
    assert (most, most_of) == (3, {"a": 2, "b": 2})
    assert (at.at_work, at.waiting) == (0, 0)


async def test_too_many_in_one_line_are_turned_away(autojump_clock: Any) -> None:
    at = gate(waiting_each=2)
    await at.enter("a")
    at.ask("a", lambda _place: None)
    at.ask("a", lambda _place: None)
    with pytest.raises(Crowded):
        await at.enter("a")
    at.ask("b", lambda _place: None)


async def test_a_place_that_is_held_too_long_goes_to_the_next(autojump_clock: Any) -> None:
    at = gate(hold_s=0.1)
    async with running(at):
        kept = await at.enter("slow")
        with trio.fail_after(1.0):
            await at.enter("next")
        at.leave(kept)
        assert at.at_work == 1


async def test_strangers_go_on_slowly_while_a_person_is_at_work_and_at_once_after(
    autojump_clock: Any,
) -> None:
    people = gate(most=None)
    strangers = gate(yields_to=people)
    async with running(people, strangers):
        person = await people.enter("person")
        assert strangers.enter_at_once("stranger") is None
        began = trio.current_time()
        for _ in range(10):
            await strangers.turn("stranger")
        assert 8 * TICK_S < trio.current_time() - began < 20 * TICK_S
        waiting = trio.Event()
        strangers.ask("stranger", lambda place: (waiting.set(), strangers.leave(place)))
        assert not waiting.is_set()
        people.leave(person)
        assert waiting.is_set()


async def test_one_who_gives_up_waiting_leaves_no_trace(autojump_clock: Any) -> None:
    at = gate()
    held = await at.enter("a")
    with trio.move_on_after(0.1):
        await at.enter("b")
    assert at.waiting == 0
    at.leave(held)
    at.leave(held)
    assert at.at_work == 0
    assert at.enter_at_once("c") is not None


async def test_very_many_keys_are_not_remembered(autojump_clock: Any) -> None:
    at = gate()
    for number in range(5_000):
        async with at.place(str(number)):
            pass
    assert len(at._finish) <= 1_001
