"""What an admin denies is kept from a plugin at once, and given back as something new."""

import pytest
import trio

from supervisor.errors import NotRunning, PermissionUnknown, PluginNotFound
from supervisor.states import EgressOutcome, Outcome
from supervisor.views import EgressFilter

CREATED, NOTE = "event:ticket.created", "event:ticket.note_added"


async def narrow(desk, plugin, *withheld):
    return await desk.supervisor.controls.withhold(plugin.id, withheld=withheld, actor="test")


async def events(desk, plugin, count):
    return [d.event for d in await desk.deliveries(plugin.id, count)]


async def test_what_a_plugin_asks_for_is_listed_with_what_it_is_left(desk):
    plugin = await desk.install("zig/probe", enabled=False, events=["ticket.created"])
    assert [each.token for each in plugin.permissions] == [
        *("event:ticket.created", "host:api.example.com", "host:localhost"),
        *("reply", "custom_field"),
    ]
    assert all(each.granted for each in plugin.permissions)
    view = await narrow(desk, plugin, "reply", "host:localhost")
    withheld = {each.token for each in view.permissions if not each.granted}
    assert withheld == {"reply", "host:localhost"}
    assert (await narrow(desk, plugin)).permissions == plugin.permissions


async def test_nothing_is_denied_that_a_plugin_does_not_ask_for(desk):
    plugin = await desk.install("wat/noop", enabled=False, events=["ticket.created"])
    with pytest.raises(PermissionUnknown) as caught:
        await narrow(desk, plugin, CREATED, "reply", "host:example.com")
    assert caught.value.unknown == ("host:example.com", "reply")
    assert (await desk.supervisor.overview.plugin(plugin.id)).permissions == plugin.permissions
    with pytest.raises(PluginNotFound):
        await desk.supervisor.controls.withhold("org.example.missing", withheld=(), actor="test")


async def test_an_event_that_is_denied_is_neither_delivered_nor_kept_for_later(desk):
    plugin = await desk.running((await desk.install("wat/echo")).id)
    await narrow(desk, plugin, NOTE)
    ticket = await desk.ticket()
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "a first note")
    await desk.settled(plugin.id)
    assert (await desk.process(plugin.id)).waiting == 0
    await narrow(desk, plugin)
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "a second note")
    assert await events(desk, plugin, 2) == ["ticket.created", "ticket.note_added"]
    said = "".join(await desk.log(plugin.id))
    assert "a second note" in said
    assert "a first note" not in said
    assert (await desk.supervisor.overview.plugin(plugin.id)).pid == plugin.pid


async def test_events_that_waited_are_not_delivered_once_they_are_denied(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe(
        {"do": "http", "url": stand_in.url}, events=["ticket.created", "ticket.note_added"]
    )
    ticket = await desk.ticket()
    await stand_in.wait()
    for number in range(4):
        await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, f"note {number}")
    await narrow(desk, plugin, NOTE)
    stand_in.release()
    await desk.settled(plugin.id)
    # One had been handed to the process already: what is under way may finish.
    assert 1 <= len(await desk.deliveries(plugin.id)) <= 2


async def test_what_came_while_an_event_was_denied_does_not_come_after_a_restart(desk, open_desk):
    plugin = await desk.install("wat/echo")
    await narrow(desk, plugin, NOTE)
    await desk.close()
    desk = await open_desk(run_plugins=False)
    ticket = await desk.ticket()
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "a first note")
    await narrow(desk, plugin)
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "a second note")
    await desk.close()
    desk = await open_desk()
    assert await events(desk, plugin, 2) == ["ticket.created", "ticket.note_added"]
    assert "a first note" not in "".join(await desk.log(plugin.id))


async def test_a_host_that_is_denied_gives_403_without_a_connection(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe({"do": "http", "url": f"{stand_in.url}/a?q=1"})
    await desk.running(plugin.id)
    await narrow(desk, plugin, "host:localhost")
    await desk.ticket()
    assert (await desk.delivery(plugin.id)).outcome is Outcome.OK
    assert any(line.startswith("http 403") for line in await desk.log(plugin.id))
    (entry,), _ = await desk.supervisor.egress_log.page(EgressFilter(plugin_id=plugin.id))
    assert (entry.outcome, entry.status, entry.host) == (EgressOutcome.REFUSED, 403, "localhost")
    assert "denied by an admin" in entry.detail
    assert stand_in.requests == []
    await narrow(desk, plugin)
    await desk.ticket()
    await stand_in.wait()


async def test_a_bound_secret_is_not_filled_in_for_a_host_that_is_denied(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe(
        {"do": "config"},
        config={"token": "s3cret-token"},
        config_schema={
            "steps": {"type": "string", "label": "S"},
            "token": {"type": "string", "label": "T", "secret": True, "bind": ["localhost"]},
        },
    )
    await narrow(desk, plugin, "host:localhost")
    await desk.ticket()
    await desk.delivery(plugin.id)
    placeholder = (await desk.log(plugin.id))[0].partition('"token":"')[2].partition('"')[0]
    await desk.steps(plugin.id, {"do": "http", "url": f"{stand_in.url}/{placeholder}"})
    await desk.ticket()
    delivery = (await desk.deliveries(plugin.id, 2))[1]
    assert delivery.host_calls[0]["status"] == 403
    assert "s3cret-token" not in repr(delivery)
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("token", "step"),
    [
        ("reply", {"do": "reply", "body": "hello"}),
        ("reply", {"do": "note", "body": "hello"}),
        ("custom_field", {"do": "field", "key": "k", "value": "v"}),
    ],
)
async def test_a_change_of_a_ticket_that_is_denied_is_not_permitted(desk, token, step):
    plugin = await desk.probe(step)
    await narrow(desk, plugin, token)
    ticket = await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert [call["status"] for call in delivery.host_calls] == [3]
    assert "denied by an admin" in delivery.host_calls[0]["detail"]
    assert await desk.replies(ticket) == []
    found = await desk.helpdesk.tickets.get(desk.admin.actor, ticket.id)
    assert found.custom_fields == ()


async def test_a_change_in_the_middle_of_an_event_counts_for_the_rest_of_it(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe(
        {"do": "http", "url": stand_in.url}, {"do": "reply", "body": "too late"}
    )
    ticket = await desk.ticket()
    await stand_in.wait()
    await narrow(desk, plugin, "reply")
    stand_in.release()
    await desk.delivery(plugin.id)
    assert await desk.replies(ticket) == []


async def test_a_panel_that_is_denied_has_no_room_and_is_not_rendered(desk):
    plugin = await desk.install("wat/panel_multi")
    ticket = await desk.ticket()
    await narrow(desk, plugin, "panel")
    assert list(desk.supervisor.panels.slots()) == []
    with pytest.raises(NotRunning, match="an admin denied"):
        await desk.supervisor.panels.render(plugin.id, ticket.id)
    await narrow(desk, plugin, "host:panel.example.com")
    result = await desk.supervisor.panels.render(plugin.id, ticket.id)
    assert (result.url, result.error) == (None, "an admin denied this panel")
    assert (await desk.supervisor.overview.plugin(plugin.id)).error_count == 0
    await narrow(desk, plugin)
    assert (await desk.supervisor.panels.render(plugin.id, ticket.id)).error is None


async def test_what_is_denied_stays_so_over_a_restart_and_a_switch(desk, open_desk):
    plugin = await desk.install("wat/echo")
    await narrow(desk, plugin, NOTE)
    await desk.supervisor.controls.set_enabled(plugin.id, False, actor="test")
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.close()
    desk = await open_desk()
    ticket = await desk.ticket()
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "a note")
    await desk.settled(plugin.id)
    assert await events(desk, plugin, 1) == ["ticket.created"]
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert [each.token for each in view.permissions if not each.granted] == [NOTE]


async def test_changes_of_what_is_denied_at_the_same_time_end_in_one_of_them(desk):
    plugin = await desk.install("wat/echo")
    async with trio.open_nursery() as nursery:
        for token in (NOTE, CREATED, NOTE):
            nursery.start_soon(narrow, desk, plugin, token)
    view = await desk.supervisor.overview.plugin(plugin.id)
    withheld = [each.token for each in view.permissions if not each.granted]
    assert withheld in ([NOTE], [CREATED])
    await narrow(desk, plugin, NOTE)
    await desk.ticket()
    assert await events(desk, plugin, 1) == ["ticket.created"]
