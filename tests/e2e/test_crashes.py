"""``kill -9`` of a running server: nothing is lost, nothing is left, nothing is tried forever."""

import os
import signal
from contextlib import suppress

import psutil
import trio

from tests.server_process import PATIENCE_S, still_there

SLOW_PLUGINS = """
[limits]
deadline_s = 60
[egress]
ports = [{port}]
[egress.private]
localhost = ["127.0.0.0/8", "::1/128"]
"""


def is_busy(pid: int | None) -> bool:
    """Tell whether a process has computed for a while."""
    with suppress(psutil.NoSuchProcess):
        return pid is not None and psutil.Process(pid).cpu_times().user >= 0.1
    return False


async def test_what_waited_and_what_ran_at_a_kill_is_delivered_after_the_next_start(
    open_helpdesk, stand_in
):
    desk = await open_helpdesk(SLOW_PLUGINS.format(port=stand_in.port))
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    tickets = [await desk.ticket(f"Ticket {number}") for number in range(5)]
    await stand_in.wait()
    await desk.kill()

    stand_in.release()
    await desk.start()
    deliveries = await desk.deliveries(plugin, 5)
    assert [d["ticket_id"] for d in deliveries] == [ticket["id"] for ticket in tickets]
    assert {d["outcome"] for d in deliveries} == {"ok"}
    assert deliveries[0]["redelivered"]
    assert not deliveries[-1]["redelivered"]
    # Asked for once more: the one that ran when the server was killed.
    assert len(stand_in.requests) == 6


async def test_an_event_that_was_running_at_two_kills_is_given_up_and_the_next_goes_on(
    open_helpdesk, stand_in
):
    desk = await open_helpdesk(SLOW_PLUGINS.format(port=stand_in.port))
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    first = await desk.ticket("First")
    second = await desk.ticket("Second")
    await stand_in.wait(1)
    await desk.kill()
    await desk.start()
    await stand_in.wait(2)
    await desk.kill()
    stand_in.release()
    await desk.start()
    lost, done = await desk.deliveries(plugin, 2)
    assert (lost["ticket_id"], lost["outcome"]) == (first["id"], "lost")
    assert "stopped twice" in lost["error"]
    assert (done["ticket_id"], done["outcome"]) == (second["id"], "ok")
    assert len(stand_in.requests) == 3


async def test_a_stop_that_was_asked_for_leaves_no_process_and_no_redelivery(helpdesk):
    plugin = await helpdesk.install("wat/noop")
    await helpdesk.ticket()
    await helpdesk.deliveries(plugin)
    assert await helpdesk.stop() == 0
    await helpdesk.start()
    await helpdesk.ticket()
    deliveries = await helpdesk.deliveries(plugin, 2)
    assert [d["outcome"] for d in deliveries] == ["ok", "ok"]
    assert not any(d["redelivered"] for d in deliveries)


async def test_the_children_go_with_the_server_even_when_they_are_busy(open_helpdesk):
    desk = await open_helpdesk("[limits]\ndeadline_s = 60\n")
    looping = await desk.install("wat/loop")
    await desk.ticket()
    with trio.fail_after(PATIENCE_S):
        # It has no process before it has started, and the event comes a moment after that.
        while not is_busy(pid := (await desk.plugin(looping))["pid"]):  # noqa: ASYNC110
            await trio.sleep(0.02)
    family = desk.server.family()
    assert pid in family
    os.kill(desk.server.pid, signal.SIGKILL)
    assert still_there(family) == []
