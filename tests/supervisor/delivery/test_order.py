"""In which order a plugin gets its events, and that no plugin waits for another."""

import json

from supervisor.views import Outcome


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
