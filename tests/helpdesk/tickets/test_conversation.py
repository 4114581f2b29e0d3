import pytest

from helpdesk import checks
from helpdesk.actors import SYSTEM, Actor
from helpdesk.errors import HelpDeskError, Invalid, LimitReached, NotFound


async def test_replies_and_notes_come_in_the_order_of_their_writing(world):
    tickets = world.helpdesk.tickets
    ticket = await world.ticket()
    for number in range(20):
        say = tickets.note if number % 3 == 0 else tickets.reply
        await say(world.staff.actor, ticket.id, f"{number}")
    found = (await tickets.replies(world.staff.actor, ticket.id)).rows
    assert [reply.body for reply in found] == [f"{number}" for number in range(20)]


async def test_a_reply_moves_the_ticket_up(world):
    ticket = await world.ticket()
    world.clock.turn(hours=1)
    reply = await world.helpdesk.tickets.reply(world.user.actor, ticket.id, "ping")
    updated = (await world.helpdesk.tickets.get(SYSTEM, ticket.id)).updated_at
    assert updated == reply.created_at == world.clock.now()


async def test_an_author_keeps_the_name_they_had(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.reply(world.user.actor, ticket.id, "hello")
    await world.helpdesk.users.update(SYSTEM, world.user.id, name="Renamed")
    (reply,) = (await world.helpdesk.tickets.replies(SYSTEM, ticket.id)).rows
    assert (reply.author.id, reply.author.name) == (world.user.id, "User")


@pytest.mark.parametrize("say", ["reply", "note"])
async def test_an_empty_or_huge_body_is_refused(world, say: str):
    ticket = await world.ticket()
    for actor in (world.staff.actor, world.plugin):
        for body in ("", " \n\x00", "x" * (checks.MAX_BODY_BYTES + 1)):
            with pytest.raises(Invalid, match="body: expected"):
                await getattr(world.helpdesk.tickets, say)(actor, ticket.id, body)
    assert not (await world.helpdesk.tickets.replies(SYSTEM, ticket.id)).total


async def test_speaking_on_a_ticket_that_is_not_there(world):
    for actor in (world.user.actor, world.admin.actor, world.plugin):
        with pytest.raises(NotFound, match="there is no ticket '01NOPE'"):
            await world.helpdesk.tickets.reply(actor, "01NOPE", "x")
    with pytest.raises(NotFound):
        await world.helpdesk.tickets.set_custom_field(world.plugin, "01NOPE", "k", "v")


async def test_a_custom_field_keeps_who_set_it_and_when(world):
    ticket = await world.ticket()
    set_field = world.helpdesk.tickets.set_custom_field
    await set_field(world.plugin, ticket.id, "incident", "1")
    world.clock.turn(minutes=5)
    other = Actor.plugin("com.example.other", "Other", cause_depth=1)
    await set_field(other, ticket.id, "incident", "2")
    (field,) = (await world.helpdesk.tickets.get(world.user.actor, ticket.id)).custom_fields
    assert (field.key, field.value) == ("incident", "2")
    assert (field.plugin_id, field.plugin_name) == ("com.example.other", "Other")
    assert field.set_at == world.clock.now()


async def test_a_wrong_key_or_value_is_refused(world):
    ticket = await world.ticket()
    for key, value in (("a b", "v"), ("", "v"), ("k", "v" * 4097)):
        with pytest.raises(Invalid):
            await world.helpdesk.tickets.set_custom_field(world.plugin, ticket.id, key, value)


async def test_a_ticket_has_room_for_a_hundred_fields(world):
    ticket = await world.ticket()
    set_field = world.helpdesk.tickets.set_custom_field
    for number in range(checks.MAX_FIELDS):
        await set_field(world.plugin, ticket.id, f"field-{number}", "x")
    with pytest.raises(LimitReached, match="exceed the limit of 100 fields"):
        await set_field(world.plugin, ticket.id, "one-more", "x")
    assert (await set_field(world.plugin, ticket.id, "field-0", "y")).value == "y"


async def test_the_fields_of_a_ticket_together_have_a_ceiling(world):
    ticket = await world.ticket()
    set_field = world.helpdesk.tickets.set_custom_field
    for number in range(31):
        await set_field(world.plugin, ticket.id, f"{number:02}", "x" * 4096)
    with pytest.raises(LimitReached, match="exceed the limit of 131,072 bytes"):
        await set_field(world.plugin, ticket.id, "last", "x" * 4096)
    room = checks.MAX_FIELDS_BYTES - 31 * 4098 - 4
    await set_field(world.plugin, ticket.id, "last", "x" * room)
    # Replacing a value counts the new one instead of the old one, not too.
    await set_field(world.plugin, ticket.id, "last", "y" * room)


async def test_a_reply_that_resolves_is_one_step_and_both_are_told_in_order(world):
    ticket = await world.ticket()
    before = len(await world.events())
    added = await world.helpdesk.tickets.reply(
        world.admin.actor, ticket.id, "Solved.", resolve=True
    )
    assert added.body == "Solved."
    assert (await world.helpdesk.tickets.get(world.user.actor, ticket.id)).status == "Resolved"
    assert [kind for kind, _ in (await world.events())[before:]] == [
        *("ticket.reply_added", "ticket.status_changed", "ticket.resolved")
    ]


async def test_a_reply_that_cannot_resolve_is_not_added(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.resolve(world.admin.actor, ticket.id, "")
    for person in (world.admin, world.user):
        with pytest.raises(HelpDeskError):
            await world.helpdesk.tickets.reply(person.actor, ticket.id, "again", resolve=True)
    assert (await world.helpdesk.tickets.detail(world.user.actor, ticket.id)).replies == ()
