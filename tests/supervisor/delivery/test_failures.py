"""How deliveries fail, what is recorded of it, and that the next event finds a new process."""

import os
import signal

import pytest

from supervisor.limits import MIB, Limits
from supervisor.states import Outcome


@pytest.mark.parametrize(
    ("guest_name", "outcome", "word"),
    [
        ("wat/trap", Outcome.TRAP, "unreachable"),
        ("wat/stack_overflow", Outcome.TRAP, "stack"),
        ("wat/exit_three", Outcome.EXIT, "3"),
        ("wat/memory_hog", Outcome.OUT_OF_MEMORY, ""),
        ("wat/loop", Outcome.TIMEOUT, "within 0.5 s"),
        ("wat/log_out_of_bounds", Outcome.TRAP, "ohd_log"),
    ],
)
async def test_a_failure_is_recorded_for_what_it_was(open_desk, guest_name, outcome, word):
    # No machine is so busy that what ends by itself has no time for it.
    deadline_s = 0.5 if outcome is Outcome.TIMEOUT else 20.0
    desk = await open_desk(limits=Limits(deadline_s=deadline_s, memory_bytes=16 * MIB))
    plugin = await desk.install(guest_name)
    ticket = await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert delivery.outcome is outcome
    assert delivery.ticket_id == ticket.id
    assert word in (delivery.error or "")
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert view.error_count == 1
    assert outcome.value in (view.last_error or "")


async def test_the_next_event_after_a_failure_goes_to_a_new_process(desk):
    plugin = await desk.probe({"do": "count"}, {"do": "trap"})
    first = (await desk.running(plugin.id)).pid
    for _ in range(3):
        await desk.ticket()
    deliveries = await desk.deliveries(plugin.id, 3)
    assert {d.outcome for d in deliveries} == {Outcome.TRAP}
    assert [line for line in await desk.log(plugin.id) if line.startswith("count")] == [
        "count 1"
    ] * 3
    view = await desk.until(lambda: desk.process(plugin.id), lambda view: view.restarts == 3)
    assert view.errors == 3
    assert (await desk.running(plugin.id)).pid != first


async def test_the_deadline_counts_the_time_that_a_host_call_takes(open_desk, stand_in):
    desk = await open_desk(limits=Limits(deadline_s=2.0), egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert delivery.outcome is Outcome.TIMEOUT
    assert delivery.duration_ms >= 2_000
    # What was under way is on record all the same.
    (call,) = delivery.host_calls
    assert call["name"] == "ohd_http_request"
    assert call["request"]["url"] == stand_in.url
    assert (call["status"], call["detail"]) == (0, "it was stopped with the event")


async def test_an_event_whose_process_was_killed_comes_once_more_and_is_marked(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    tickets = [await desk.ticket() for _ in range(3)]
    await stand_in.wait()
    os.kill((await desk.process(plugin.id)).pid, signal.SIGKILL)
    await stand_in.wait(2)
    stand_in.release()
    deliveries = await desk.deliveries(plugin.id, 3)
    assert [d.outcome for d in deliveries] == [Outcome.OK] * 3
    assert [d.ticket_id for d in deliveries] == [ticket.id for ticket in tickets]
    assert deliveries[0].redelivered
    assert len(stand_in.requests) == 4
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert (view.error_count, view.last_error) == (
        1,
        "lost: the process has ended: killed by SIGKILL",
    )


async def test_an_event_whose_process_was_killed_twice_is_given_up_and_the_next_goes_on(
    open_desk, stand_in
):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    for _ in range(2):
        await desk.ticket()
    for count in (1, 2):
        await stand_in.wait(count)
        os.kill((await desk.process(plugin.id)).pid, signal.SIGKILL)
    await stand_in.wait(3)
    stand_in.release()
    lost, done = await desk.deliveries(plugin.id, 2)
    assert (lost.outcome, lost.redelivered) == (Outcome.LOST, True)
    assert done.outcome is Outcome.OK
    assert len(stand_in.requests) == 3


async def test_events_are_not_lost_when_a_process_dies_while_it_is_fed(desk):
    plugin = await desk.install("wat/noop")
    await desk.running(plugin.id)
    tickets = []
    for number in range(60):
        if number % 12 == 3:  # five times: eight in a row would switch the plugin off
            view = await desk.supervisor.overview.plugin(plugin.id)
            if view.pid is not None:
                os.kill(view.pid, signal.SIGKILL)
        tickets.append(await desk.ticket())
    deliveries = await desk.deliveries(plugin.id, len(tickets))
    assert [d.ticket_id for d in deliveries] == [ticket.id for ticket in tickets]


async def test_a_payload_that_is_too_large_is_dropped_and_the_next_one_is_delivered(open_desk):
    desk = await open_desk(limits=Limits(payload_bytes=2_000))
    plugin = await desk.install("wat/noop")
    large = await desk.ticket("Large", "x" * 5_000)
    small = await desk.ticket()
    first, second = await desk.deliveries(plugin.id, 2)
    assert (first.ticket_id, first.outcome) == (large.id, Outcome.DROPPED)
    assert "bytes" in first.error
    assert (second.ticket_id, second.outcome) == (small.id, Outcome.OK)
