"""Plugins are switched on and off and configured while events come in."""

import json

import trio

from supervisor.states import Outcome, PluginState


async def test_events_from_before_a_plugin_was_enabled_are_not_delivered(desk):
    plugin = await desk.install("wat/noop", enabled=False)
    await desk.ticket("Before")
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    after = await desk.ticket("After")
    (delivery,) = await desk.deliveries(plugin.id)
    assert delivery.ticket_id == after.id


async def test_what_waits_for_a_plugin_that_is_disabled_is_recorded_as_dropped(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    tickets = [await desk.ticket() for _ in range(6)]
    await stand_in.wait()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(set_enabled, desk, plugin.id, False)
        # It was told to stop while its first event runs; nothing new is begun.
        await desk.state(plugin.id, PluginState.STOPPING)
        stand_in.release()
    deliveries = await desk.deliveries(plugin.id, 6)
    assert [d.ticket_id for d in deliveries] == [ticket.id for ticket in tickets]
    outcomes = [d.outcome for d in deliveries]
    done = outcomes.index(Outcome.DROPPED)
    assert 1 <= done <= 2
    assert outcomes == [Outcome.OK] * done + [Outcome.DROPPED] * (6 - done)
    assert len(stand_in.requests) == done
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert (view.state, view.pid, view.error_count) == (PluginState.DISABLED, None, 0)


async def test_a_plugin_that_is_switched_on_again_does_not_get_what_it_missed(desk):
    plugin = await desk.install("wat/noop")
    await desk.ticket()
    await desk.deliveries(plugin.id)
    await set_enabled(desk, plugin.id, False)
    await desk.ticket("Missed")
    await set_enabled(desk, plugin.id, True)
    seen = await desk.ticket("Seen")
    deliveries = await desk.deliveries(plugin.id, 2)
    assert [d.outcome for d in deliveries] == [Outcome.OK, Outcome.OK]
    assert deliveries[1].ticket_id == seen.id


async def test_a_configuration_counts_from_the_next_event_on(desk):
    plugin = await desk.probe({"do": "log", "text": "one"})
    await desk.ticket()
    await desk.deliveries(plugin.id)
    pid = (await desk.running(plugin.id)).pid
    await desk.steps(plugin.id, {"do": "log", "text": "two"})
    await desk.ticket()
    await desk.deliveries(plugin.id, 2)
    assert await desk.log(plugin.id) == ["one", "two"]
    assert (await desk.supervisor.overview.plugin(plugin.id)).pid == pid


async def test_a_version_gets_each_event_but_those_of_the_one_before_it(desk):
    old = await desk.install("wat/echo", version="1.0.0")
    await desk.ticket("Old")
    await desk.deliveries(old.id)
    new = await desk.upgrade(old.id, "wat/echo", version="2.0.0")
    assert (new.version, new.enabled) == ("2.0.0", True)
    await desk.ticket("New")
    deliveries = await desk.deliveries(new.id, 2)
    told = [json.loads(line)["ticket"]["subject"] for line in await desk.log(new.id)]
    assert told == ["Old", "New"]
    assert len(deliveries) == 2


async def set_enabled(desk, plugin_id, enabled):
    await desk.supervisor.controls.set_enabled(plugin_id, enabled, actor="test")
