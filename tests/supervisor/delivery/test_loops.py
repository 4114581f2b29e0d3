"""Plugins react to each other, and never for ever."""


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
