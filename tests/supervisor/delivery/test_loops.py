"""Plugins react to each other, and never forever."""

from supervisor.limits import Limits


async def test_a_plugin_never_gets_the_events_that_it_caused(desk):
    plugin = await desk.probe(
        {"do": "reply", "body": "again"}, events=["ticket.created", "ticket.reply_added"]
    )
    ticket = await desk.ticket()
    await desk.deliveries(plugin.id)
    await desk.settled(plugin.id)
    assert len(await desk.deliveries(plugin.id)) == 1
    assert await desk.replies(ticket) == ["again"]


async def test_two_plugins_that_answer_each_other_stop_at_depth_four(desk):
    events = ["ticket.created", "ticket.reply_added"]
    ping = await desk.probe({"do": "reply", "body": "ping"}, id="org.example.ping", events=events)
    pong = await desk.probe(
        {"do": "reply", "body": "pong"}, id="org.example.pong", events=events[1:]
    )
    ticket = await desk.ticket()
    await desk.deliveries(ping.id, 2)
    await desk.deliveries(pong.id, 2)
    await desk.settled(ping.id, pong.id)
    assert await desk.replies(ticket) == ["ping", "pong", "ping", "pong"]
    assert len(await desk.deliveries(ping.id)) == 2
    assert len(await desk.deliveries(pong.id)) == 2


async def test_another_plugin_learns_what_a_plugin_did_and_that_it_was_a_plugin(desk):
    writer = await desk.probe({"do": "reply", "body": "done"})
    listener = await desk.install("wat/echo", events=["ticket.reply_added"])
    await desk.ticket()
    await desk.deliveries(writer.id)
    await desk.deliveries(listener.id)
    (payload,) = await desk.log(listener.id)
    assert f'"id":"plugin:{writer.id}"' in payload
    assert '"role":"plugin"' in payload


async def test_budgets_do_not_multiply_along_a_chain(open_desk):
    desk = await open_desk(limits=Limits(host_calls=20))
    events = ["ticket.created", "ticket.reply_added"]
    steps = [{"do": "reply", "body": "again"}] * 15
    plugins = [await desk.probe(*steps, id=f"org.example.{n}", events=events) for n in "ab"]
    ids = [plugin.id for plugin in plugins]
    ticket = await desk.ticket()
    for plugin_id in ids:
        await desk.deliveries(plugin_id, 16)
    await desk.settled(*ids)
    # Fifteen each for the ticket, and five each of what is left, whoever makes them.
    assert len(await desk.replies(ticket)) == 40
    lines = await desk.log(ids[0])
    assert any("more than 20 host calls in one event and what followed" in line for line in lines)


async def test_what_an_admin_asks_for_once_more_has_a_budget_of_its_own(open_desk):
    desk = await open_desk(limits=Limits(host_calls=3))
    plugin = await desk.probe(*[{"do": "reply", "body": "again"}] * 3)
    ticket = await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    await desk.supervisor.deliveries.redeliver(plugin.id, [delivery.id], actor="test")
    await desk.deliveries(plugin.id, 2)
    assert await desk.replies(ticket) == ["again"] * 6
