"""In which order a plugin gets its events, and that no plugin waits for another."""

import json

import pytest

from supervisor.limits import Limits
from supervisor.states import Outcome


async def test_a_plugin_gets_its_events_in_the_order_in_which_they_happened(desk):
    plugin = await desk.install("wat/echo")
    tickets = [await desk.ticket(f"Ticket {number}") for number in range(40)]
    deliveries = await desk.deliveries(plugin.id, 40)
    assert [d.ticket_id for d in deliveries] == [ticket.id for ticket in tickets]
    assert {d.outcome for d in deliveries} == {Outcome.OK}
    told = [json.loads(line)["ticket"]["subject"] for line in await desk.log(plugin.id)]
    assert told == [f"Ticket {number}" for number in range(40)]


async def test_one_instance_gets_one_event_at_a_time(desk):
    plugin = await desk.probe({"do": "count"})
    for _ in range(5):
        await desk.ticket()
    await desk.deliveries(plugin.id, 5)
    assert await desk.log(plugin.id) == [f"count {number}" for number in range(1, 6)]


async def test_a_plugin_that_never_subscribed_to_notes_never_sees_one(desk):
    plugin = await desk.install("wat/echo", events=["ticket.reply_added"])
    ticket = await desk.ticket()
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "not for plugins")
    await desk.helpdesk.tickets.reply(desk.user.actor, ticket.id, "hello")
    delivery = await desk.delivery(plugin.id)
    assert delivery.event == "ticket.reply_added"
    assert "not for plugins" not in "".join(await desk.log(plugin.id))


@pytest.mark.parametrize("guest_name", ["wat/loop", "wat/trap", "wat/start_loops_without_room"])
async def test_a_plugin_that_misbehaves_does_not_delay_another(open_desk, guest_name):
    desk = await open_desk(limits=Limits(deadline_s=6.0))
    install = desk.install_broken if "without_room" in guest_name else desk.install
    bad = await install(guest_name)
    good = await desk.install("wat/noop")
    await desk.running(good.id)
    for _ in range(10):
        await desk.ticket()
    done = await desk.deliveries(good.id, 10)
    assert {d.outcome for d in done} == {Outcome.OK}
    if guest_name != "wat/trap":
        # The other one is still in its first event, or has not even started.
        assert await desk.supervisor.deliveries.page(bad.id) == []


async def test_the_payload_that_a_plugin_gets_has_its_own_configuration(desk):
    first = await desk.probe({"do": "config"}, config={"colour": "red"})
    second = await desk.probe({"do": "config"}, id="org.example.guest.other", config={"count": 9})
    await desk.ticket()
    await desk.deliveries(first.id)
    await desk.deliveries(second.id)
    (one,), (two,) = await desk.log(first.id), await desk.log(second.id)
    assert (json.loads(one)["colour"], json.loads(one)["count"]) == ("red", 3)
    assert (json.loads(two)["colour"], json.loads(two)["count"]) == ("green", 9)


async def test_a_plugin_can_tell_a_repetition_by_the_ids_that_it_gets(desk):
    plugin = await desk.install("wat/echo")
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    await desk.supervisor.deliveries.redeliver(plugin.id, [first.id], actor="test")
    _, second = await desk.deliveries(plugin.id, 2)
    one, two = (json.loads(line) for line in await desk.log(plugin.id))
    assert one["event_id"] == two["event_id"] == first.event_id
    assert (one["delivery_id"], two["delivery_id"]) == (first.id, second.id)
    assert (one["redelivered"], two["redelivered"]) == (False, True)
    assert next(iter(one)) == "event"


async def test_a_child_that_was_taken_over_gets_no_grant_that_its_module_never_asked_for(desk):
    plugin = await desk.install("wat/echo")
    runner = desk.supervisor._parts.runners.get(plugin.id)
    caller = runner.workload.caller
    assert caller.grants == frozenset()
    assert caller.never_asked == {"http", "reply", "custom_field"}
