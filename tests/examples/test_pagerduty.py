"""PagerDuty: an incident for each Critical ticket, with its number; it goes with the ticket."""

import pytest

from tests.examples.services.answers import Budget
from tests.examples.services.pagerduty import THROTTLED, PagerDuty

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "u+read-only_token-Ab1"


@pytest.fixture
def pagerduty():
    return PagerDuty(KEY, TOKEN)


@pytest.fixture
async def example(open_example, pagerduty):
    config = {"routing_key": KEY, "api_token": TOKEN}
    services = {
        "events.pagerduty.com": pagerduty.events_api,
        "api.pagerduty.com": pagerduty.rest_api,
    }
    return await open_example("pagerduty", config, services)


async def test_an_incident_comes_and_goes_with_a_critical_ticket(example, pagerduty, custom_fields):
    await example.create("A question", priority="High")
    assert pagerduty.incidents == []
    ticket = await example.create('The "warehouse" is\nflooded', priority="Critical")
    (incident,) = pagerduty.incidents
    assert (incident.key, incident.summary) == (ticket.id, ticket.subject)
    assert custom_fields(ticket) == {"pagerduty_status": "open", "pagerduty_incident_id": "12345"}
    number = "PagerDuty incident #12345: https://acme.pagerduty.com/incidents/PT12345"
    assert await example.notes(ticket) == [number]

    await example.reply(ticket, "We are on it.")
    assert len(pagerduty.incidents) == 1
    ticket = await example.resolve(ticket, "Pumped out.")
    assert incident.status == "resolved"
    assert custom_fields(ticket)["pagerduty_status"] == "resolved"

    ticket = await example.reopen(ticket)
    (again,) = pagerduty.open_incidents()
    assert again.number == 12346
    assert custom_fields(ticket)["pagerduty_incident_id"] == "12346"
    assert len(await example.notes(ticket)) == 2
    assert await example.log() == []
    shown = f"{await example.deliveries()} {await example.log()}"
    assert KEY not in shown
    assert TOKEN not in shown


async def test_a_ticket_that_becomes_critical_opens_an_incident_at_its_next_event(
    example, pagerduty
):
    ticket = await example.create("The shop is slow")
    await example.desk.helpdesk.tickets.edit(example.admin, ticket.id, priority="Critical")
    await example.reply(ticket, "It has stopped altogether.")
    assert [incident.key for incident in pagerduty.incidents] == [ticket.id]


async def test_a_number_that_pagerduty_has_not_made_yet_is_noted_later(
    example, pagerduty, custom_fields
):
    pagerduty.lag = 1
    ticket = await example.create("Fire", priority="Critical")
    assert await example.notes(ticket) == ["PagerDuty incident opened."]
    ticket = await example.reply(ticket, "Where?")
    assert custom_fields(ticket)["pagerduty_incident_id"] == "12345"
    # Found once, it is not asked for again.
    pagerduty.reads = Budget(0)
    await example.reply(ticket, "In the basement.")
    assert len(await example.notes(ticket)) == 2
    assert await example.log() == []


async def test_without_a_rest_key_incidents_are_opened_all_the_same(example, pagerduty):
    pagerduty.token = "never asked for"
    await example.configure(api_token=None)
    ticket = await example.create("Fire", priority="Critical")
    assert await example.notes(ticket) == ["PagerDuty incident opened."]
    await example.resolve(ticket)
    assert pagerduty.open_incidents() == []
    assert await example.log() == []


REFUSED = [
    ({"routing_key": "f" * 32}, "error", "400 (Event object is invalid; Invalid routing key)"),
    ({"events": Budget(0)}, "warn", f"429 ({THROTTLED})"),
    ({"down": True}, "warn", "502 (it gave no reason)"),
]


async def test_what_pagerduty_refuses_is_told_once_and_tried_again_with_the_next_event(
    example, pagerduty, custom_fields
):
    for trouble, level, reason in REFUSED:
        healthy = {name: getattr(pagerduty, name) for name in trouble}
        vars(pagerduty).update(trouble)
        ticket = await example.create("Fire", priority="Critical")
        ticket = await example.reply(ticket, "Anybody there?")
        assert custom_fields(ticket) == {"pagerduty_status": "failed"}
        sentence = f"no incident was opened: PagerDuty answered {reason}"
        assert await example.notes(ticket) == [
            f"PagerDuty: {sentence}. It is tried again when something happens to this ticket."
        ]
        # One request an event: nothing is repeated while PagerDuty is busy.
        assert (await example.log())[-2:] == [f"{level}: ticket {ticket.id}: {sentence}"] * 2

        vars(pagerduty).update(healthy, events=Budget())
        ticket = await example.reply(ticket, "Hello?")
        assert custom_fields(ticket)["pagerduty_status"] == "open"
    assert len(await example.log()) == 2 * len(REFUSED)


async def test_an_incident_that_could_not_be_resolved_goes_with_the_next_event(
    example, pagerduty, custom_fields
):
    ticket = await example.create("Fire", priority="Critical")
    pagerduty.down = True
    ticket = await example.resolve(ticket)
    assert custom_fields(ticket)["pagerduty_status"] == "open"
    assert "the incident was not resolved" in (await example.notes(ticket))[-1]
    pagerduty.down = False
    await example.desk.helpdesk.tickets.close(example.admin, ticket.id)
    ticket = await example.now(ticket)
    assert pagerduty.open_incidents() == []
    assert custom_fields(ticket)["pagerduty_status"] == "resolved"


UNREADABLE = [
    ({"token": "another"}, "error: ticket {}: {} 401 (Unauthorized)"),
    ({"forbidden": True}, "error: ticket {}: {} 403 (Forbidden)"),
    ({"reads": Budget(0)}, "warn: ticket {}: {} 429 (Rate Limit Exceeded)"),
]


async def test_an_incident_whose_number_cannot_be_read_is_open_all_the_same(
    example, pagerduty, custom_fields
):
    what = "the incident's number is not known: PagerDuty answered"
    for trouble, line in UNREADABLE:
        healthy = {name: getattr(pagerduty, name) for name in trouble}
        vars(pagerduty).update(trouble)
        ticket = await example.create("Fire", priority="Critical")
        assert pagerduty.open_incidents()[-1].key == ticket.id
        assert custom_fields(ticket) == {"pagerduty_status": "open"}
        assert await example.notes(ticket) == ["PagerDuty incident opened."]
        assert (await example.log())[-1] == line.format(ticket.id, what)
        vars(pagerduty).update(healthy)
