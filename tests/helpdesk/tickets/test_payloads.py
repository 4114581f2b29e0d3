"""The payload of each of the eight events, key by key as plugins were promised."""

import re

import pytest

from helpdesk import checks
from helpdesk.actors import Actor
from helpdesk.events import MAX_PAYLOAD_BYTES, EventType
from helpdesk.files.service import MAX_FILES

TICKET_KEYS = [
    "id",
    "subject",
    "description",
    "status",
    "priority",
    "category",
    "type",
    "item",
    "submitter",
    "assignee",
    "created_at",
    "url",
    "custom_fields",
    "attachments",
]
ENVELOPE_KEYS = ["event", "occurred_at", "ticket", "actor", "data"]


async def test_a_created_ticket_as_the_document_shows_it(world):
    ticket = await world.ticket(category="Hardware", type="Laptop")
    assert await world.last_payload() == {
        "event": "ticket.created",
        "occurred_at": "2026-04-05T14:00:00Z",
        "ticket": {
            "id": ticket.id,
            "subject": "New laptop request",
            "description": "The old one was stolen.",
            "status": "New",
            "priority": "Medium",
            "category": "Hardware",
            "type": "Laptop",
            "item": None,
            "submitter": {"id": world.user.id, "name": "User", "email": "user@example.com"},
            "assignee": None,
            "created_at": "2026-04-05T14:00:00Z",
            "url": f"http://127.0.0.1:8000/tickets/{ticket.id}",
            "custom_fields": {},
            "attachments": [],
        },
        "actor": {"id": world.user.id, "name": "User", "role": "user"},
        "data": {},
    }


async def test_an_assignment_to_a_user(world):
    ticket = await world.ticket(category="Hardware")
    await world.helpdesk.tickets.assign_user(world.staff.actor, ticket.id, world.staff.id)
    payload = await world.last_payload()
    expected = {
        "id": world.staff.id,
        "name": "Staff",
        "kind": "user",
        "email": "staff@example.com",
    }
    assert payload["event"] == "ticket.assigned"
    assert payload["data"] == {"assignee": expected}
    assert payload["ticket"]["assignee"] == expected
    assert payload["actor"] == {"id": world.staff.id, "name": "Staff", "role": "staff"}


async def test_an_assignment_to_a_group(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.assign_group(world.admin.actor, ticket.id, world.group)
    payload = await world.last_payload()
    expected = {"id": world.group, "name": "Hardware Team", "kind": "group"}
    assert payload["data"] == {"assignee": expected}
    assert payload["ticket"]["assignee"] == expected


async def test_a_status_change(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.set_status(world.staff.actor, ticket.id, "in progress")
    (_, created), (name, payload) = await world.events()
    assert name == payload["event"] == "ticket.status_changed"
    assert payload["data"] == {"from_status": "New", "to_status": "In Progress"}
    assert payload["ticket"] == created["ticket"] | {"status": "In Progress"}


async def test_a_public_reply_is_one_event_and_no_note(world):
    ticket = await world.ticket()
    reply = await world.helpdesk.tickets.reply(world.user.actor, ticket.id, "Any news?")
    _, (name, payload) = await world.events()
    assert name == "ticket.reply_added"
    assert payload["data"] == {
        "reply_id": reply.id,
        "body": "Any news?",
        "is_internal": False,
        "author": {"id": world.user.id, "name": "User", "role": "user"},
    }


async def test_a_note_is_one_event_and_no_reply(world):
    ticket = await world.ticket()
    note = await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "Insured.")
    _, (name, payload) = await world.events()
    assert name == "ticket.note_added"
    assert payload["data"] == {
        "reply_id": note.id,
        "body": "Insured.",
        "is_internal": True,
        "author": {"id": world.staff.id, "name": "Staff", "role": "staff"},
    }


async def test_a_resolve_is_a_status_change_and_then_resolved(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.resolve(world.staff.actor, ticket.id, "Bought a new one.")
    _, (first, changed), (second, resolved) = await world.events()
    assert (first, second) == ("ticket.status_changed", "ticket.resolved")
    assert changed["data"] == {"from_status": "New", "to_status": "Resolved"}
    assert resolved["data"] == {"resolution_notes": "Bought a new one."}
    assert changed["ticket"] == resolved["ticket"]
    assert resolved["ticket"]["status"] == "Resolved"


async def test_resolution_notes_may_be_empty(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.set_status(world.staff.actor, ticket.id, "Resolved")
    assert (await world.last_payload())["data"] == {"resolution_notes": ""}


async def test_a_close_is_a_status_change_and_then_closed(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.close(world.user.actor, ticket.id)
    _, (first, changed), (second, closed) = await world.events()
    assert (first, second) == ("ticket.status_changed", "ticket.closed")
    assert changed["data"] == {"from_status": "New", "to_status": "Closed"}
    assert closed["data"] == {}


@pytest.mark.parametrize("reason", ["", "It is back."])
async def test_a_reopen_is_a_status_change_and_then_reopened(world, reason: str):
    ticket = await world.ticket()
    await world.helpdesk.tickets.resolve(world.staff.actor, ticket.id)
    before = await world.helpdesk.outbox.last_seq()
    await world.helpdesk.tickets.reopen(world.user.actor, ticket.id, reason)
    (first, changed), (second, reopened) = await world.events(before)
    assert (first, second) == ("ticket.status_changed", "ticket.reopened")
    assert changed["data"] == {"from_status": "Resolved", "to_status": "New"}
    assert reopened["data"] == {"reason": reason}


async def test_every_payload_has_the_same_keys_in_the_same_order(world):
    tickets, staff = world.helpdesk.tickets, world.staff.actor
    ticket = await world.ticket()
    await tickets.assign_user(staff, ticket.id, world.staff.id)
    await tickets.reply(staff, ticket.id, "Hello")
    await tickets.note(staff, ticket.id, "Hm")
    await tickets.resolve(staff, ticket.id)
    await tickets.reopen(staff, ticket.id)
    await tickets.close(staff, ticket.id)
    found = await world.events()
    assert {name for name, _ in found} == set(EventType)
    for name, payload in found:
        assert list(payload) == ENVELOPE_KEYS
        assert payload["event"] == name
        assert list(payload["ticket"]) == TICKET_KEYS
        assert list(payload["actor"]) == ["id", "name", "role"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", payload["occurred_at"])


async def test_a_plugin_s_reply_carries_its_name_its_origin_and_one_more_depth(world):
    ticket = await world.ticket()
    robot = Actor.plugin("com.example.robot", "Robot", cause_depth=2)
    reply = await world.helpdesk.tickets.reply(robot, ticket.id, "Beep.")
    author = {"id": "plugin:com.example.robot", "name": "Robot", "role": "plugin"}
    event = (await world.helpdesk.outbox.read_after(0, 10))[-1]
    payload = await world.last_payload()
    assert (event.type, event.origin, event.depth) == ("ticket.reply_added", "com.example.robot", 3)
    assert payload["data"]["author"] == author
    assert payload["actor"] == author
    assert reply.author.role == "plugin"


async def test_a_change_beyond_the_last_depth_is_made_and_told_all_the_same(world):
    ticket = await world.ticket()
    robot = Actor.plugin("com.example.robot", "Robot", cause_depth=4)
    await world.helpdesk.tickets.note(robot, ticket.id, "Deep.")
    assert (await world.helpdesk.outbox.read_after(0, 10))[-1].depth == 5
    assert (await world.helpdesk.tickets.replies(world.staff.actor, ticket.id)).total == 1


async def test_custom_fields_are_shown_as_an_object_of_strings(world):
    ticket = await world.ticket()
    set_field = world.helpdesk.tickets.set_custom_field
    await set_field(world.plugin, ticket.id, "b", "2")
    await set_field(world.plugin, ticket.id, "a", "1")
    await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "Look.")
    assert (await world.last_payload())["ticket"]["custom_fields"] == {"a": "1", "b": "2"}


async def test_setting_a_custom_field_is_no_event(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.set_custom_field(world.plugin, ticket.id, "a", "1")
    assert len(await world.events()) == 1


async def test_the_url_follows_the_site_s_address(world):
    await world.helpdesk.settings.update(world.admin.actor, site_url="https://help.example.com/")
    ticket = await world.ticket()
    expected = f"https://help.example.com/tickets/{ticket.id}"
    assert (await world.last_payload())["ticket"]["url"] == expected


async def test_text_of_every_script_is_carried_as_it_is(world):
    await world.ticket(subject="Ünïcode 漢字 🎉", description='"quotes" \\ back\tslash\r\nline')
    ticket = (await world.last_payload())["ticket"]
    assert ticket["subject"] == "Ünïcode 漢字 🎉"
    assert ticket["description"] == '"quotes" \\ back\tslash\nline'


async def attach(world, ticket, name: str, content: bytes = b"x", *, internal=False):
    async with world.helpdesk.files.receive() as arrival:
        await arrival.write(content)
        kept = await arrival.keep()
        actor = world.admin.actor
        return await world.helpdesk.files.add(actor, ticket.id, name, kept, internal=internal)


async def test_public_files_are_told_of_and_internal_ones_never(world):
    ticket = await world.ticket()
    shown = await attach(world, ticket, "log.txt", b"text")
    await attach(world, ticket, "secret-plan.txt", internal=True)
    for act in (world.helpdesk.tickets.reply, world.helpdesk.tickets.note):
        await act(world.admin.actor, ticket.id, "See the file.")
        assert (await world.last_payload())["ticket"]["attachments"] == [
            {"id": shown.id, "name": "log.txt", "size": 4, "type": "text/plain"}
        ]
    other = await world.ticket()
    assert (await world.last_payload())["ticket"]["id"] == other.id
    assert (await world.last_payload())["ticket"]["attachments"] == []


async def test_the_largest_possible_payload_is_below_the_ceiling(world):
    worst = '"' * checks.MAX_BODY_BYTES
    ticket = await world.ticket(subject='"' * checks.MAX_SUBJECT, description=worst)
    value = '"' * (checks.MAX_FIELDS_BYTES // checks.MAX_FIELDS - 2)
    for number in range(checks.MAX_FIELDS):
        await world.helpdesk.tickets.set_custom_field(
            world.plugin, ticket.id, f"{number:02}", value
        )
    for number in range(MAX_FILES):
        await attach(world, ticket, "\U0001f600" * 147 + f"{number:02}")
    await world.helpdesk.tickets.reply(world.user.actor, ticket.id, worst)
    event = (await world.helpdesk.outbox.read_after(0, 10))[-1]
    assert 500_000 < len(event.body) < MAX_PAYLOAD_BYTES
