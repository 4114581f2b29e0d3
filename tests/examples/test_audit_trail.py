"""The audit trail: a line for each event, and a log line for each that is lost."""

import pytest

from tests.examples.services.answers import Budget
from tests.examples.services.collector import Collector

TOKEN = 'a-token-"with\\strange'
HOST = "collector.example.com"


@pytest.fixture
def collector():
    return Collector(TOKEN)


@pytest.fixture
async def trail(open_example, collector):
    return await open_example("audit-trail", {"token": TOKEN}, {HOST: collector})


async def test_everything_that_happens_to_a_ticket_is_a_line(trail, collector):
    ticket = await trail.create('It says "no"', "C:\\temp\nand [more]")
    await trail.desk.helpdesk.tickets.note(trail.admin, ticket.id, "between us")
    await trail.reply(ticket, "Try again.")
    await trail.resolve(ticket)
    await trail.reopen(ticket)
    assert [line["event"] for line in collector.lines] == [
        *("ticket.created", "ticket.note_added", "ticket.reply_added", "ticket.status_changed"),
        *("ticket.resolved", "ticket.status_changed", "ticket.reopened"),
    ]
    first, *others = collector.lines
    assert first == {
        "at": first["at"],
        "event": "ticket.created",
        "ticket": ticket.id,
        "status": "New",
        "actor": trail.desk.user.id,
        "role": "user",
    }
    assert {line["actor"] for line in others} == {trail.desk.admin.id}
    # Who did what when, and nothing of what was said.
    assert "between us" not in str(collector.lines)
    assert await trail.log() == []


async def test_a_line_that_the_collector_does_not_take_is_told_of(trail, collector):
    collector.token = "another"
    ticket = await trail.create()
    collector.token, collector.budget = TOKEN, Budget(0)
    await trail.reply(ticket, "And?")
    collector.budget, collector.down = Budget(), True
    await trail.reply(ticket, "Well?")
    lost = "the line is lost: the collector answered"
    assert await trail.log() == [
        f"error: {lost} 403 to ticket.created of ticket {ticket.id}",
        f"warn: {lost} 429 to ticket.reply_added of ticket {ticket.id}",
        f"warn: {lost} 503 to ticket.reply_added of ticket {ticket.id}",
    ]
    collector.down = False
    await trail.reply(ticket, "Good.")
    assert len(collector.lines) == 1
    assert {delivery.outcome for delivery in await trail.deliveries()} == {"ok"}


async def test_the_token_goes_to_the_collector_alone(trail, collector):
    await trail.create(TOKEN)
    shown = f"{await trail.deliveries()} {await trail.log()}"
    assert TOKEN not in shown
    assert len(collector.lines) == 1
