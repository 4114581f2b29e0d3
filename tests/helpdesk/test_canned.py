"""Canned replies: filled in by a ticket, in one pass, and for those whose they are."""

import pytest

from helpdesk.actors import SYSTEM, Role
from helpdesk.canned import MOST, PLACEHOLDERS
from helpdesk.errors import Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.storage import sql


async def keep(world, person, scope: str, name: str = "Name", body: str = "Body"):
    return await world.helpdesk.canned.create(person.actor, name=name, body=body, scope=scope)


async def seen(world, person) -> list[str]:
    return [one.name for one in await world.helpdesk.canned.all(person.actor)]


async def test_a_ticket_fills_in_every_placeholder(world):
    ticket = await world.ticket(subject="A **bold** one")
    body = " | ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)
    canned = await keep(world, world.staff, "own", body=body)
    filled = await world.helpdesk.canned.fill(world.staff.actor, canned.id, str(ticket.number))
    assert filled == " | ".join(
        (
            *("#1", "A **bold** one", "http://127.0.0.1:8000/tickets/1"),
            *("User", "User", "Staff", "Staff", "Open Help Desk"),
        )
    )


async def test_a_name_that_looks_like_a_placeholder_stays_a_name(world):
    desk = world.helpdesk
    odd = await desk.users.create(
        SYSTEM, email="odd@example.com", name="{{me.name}} X", role=Role.USER
    )
    canned = await keep(world, world.staff, "own", body="Hi {{submitter.name}} {{ }")
    from_odd = await world.ticket()
    await desk.database.write(
        lambda c: c.execute("UPDATE tickets SET submitter_id = ?", (odd.id,)).rowcount
    )
    filled = await desk.canned.fill(world.staff.actor, canned.id, from_odd.id)
    assert filled == "Hi {{me.name}} X {{ }"


@pytest.mark.parametrize(
    "body", ["{{nothing}}", "{{}}", "{{ ticket.password }}", "{{TICKET.NUMBER}}"]
)
async def test_an_unknown_placeholder_is_refused_and_the_known_ones_are_named(world, body: str):
    with pytest.raises(Invalid, match=r"ticket\.number"):
        await keep(world, world.staff, "own", body=body)


async def test_each_sees_their_own_their_groups_and_everyone_s(world):
    await keep(world, world.staff, "own", "Staff's")
    await keep(world, world.staff, f"group/{world.group}", "Group's")
    await keep(world, world.admin, "everyone", "All's")
    await keep(world, world.admin, "own", "Admin's")
    assert await seen(world, world.staff) == ["All's", "Group's", "Staff's"]
    assert await seen(world, world.outsider) == ["All's"]
    assert await seen(world, world.admin) == ["Admin's", "All's", "Group's"]
    with pytest.raises(NotAllowed):
        await seen(world, world.user)


async def test_what_one_may_not_use_does_not_exist_and_what_is_shared_is_the_admins(world):
    canned, ticket = world.helpdesk.canned, await world.ticket()
    own = await keep(world, world.staff, "own")
    groups = await keep(world, world.staff, f"group/{world.group}")
    shared = await keep(world, world.admin, "everyone")
    for person, hidden in ((world.outsider, (own, groups)), (world.admin, (own,))):
        for one in hidden:
            for act in (
                canned.get(person.actor, one.id),
                canned.fill(person.actor, one.id, ticket.id),
                canned.update(person.actor, one.id, name="x"),
                canned.delete(person.actor, one.id),
            ):
                with pytest.raises(NotFound):
                    await act
    with pytest.raises(NotAllowed):
        await canned.update(world.staff.actor, shared.id, name="x")
    with pytest.raises(NotAllowed):
        await canned.update(world.staff.actor, own.id, scope="everyone")
    with pytest.raises(NotAllowed):
        await keep(world, world.outsider, f"group/{world.group}")
    with pytest.raises(NotAllowed):
        await keep(world, world.user, "own")
    for scope in ("", "group/none", "group/", "all"):
        with pytest.raises(Invalid):
            await keep(world, world.admin, scope)
    moved = await canned.update(world.staff.actor, own.id, scope=f"group/{world.group}")
    assert (moved.scope.group_id, moved.scope.owner_id) == (world.group, None)
    await canned.delete(world.staff.actor, groups.id)


async def test_shared_ones_are_in_the_audit_log_and_one_s_own_are_not(world):
    await keep(world, world.staff, "own")
    shared = await keep(world, world.admin, "everyone", "Greeting")
    await world.helpdesk.canned.update(world.admin.actor, shared.id, body="Hello")
    await world.helpdesk.canned.delete(world.admin.actor, shared.id)
    entries = (await world.helpdesk.audit.list(SYSTEM)).rows
    assert [entry.action for entry in entries if entry.action.startswith("canned")] == [
        *("canned_reply.deleted", "canned_reply.changed", "canned_reply.created")
    ]


async def test_a_person_keeps_a_bounded_number(world):
    def fill(connection) -> None:
        connection.executemany(
            "INSERT INTO canned_replies (id, name, body, owner_id) VALUES (?, 'n', 'b', ?)",
            [(f"x{number}", world.staff.id) for number in range(MOST)],
        )

    await world.helpdesk.database.write(fill)
    with pytest.raises(LimitReached):
        await keep(world, world.staff, "own")
    await keep(world, world.outsider, "own")


async def test_they_go_with_their_group(world):
    await keep(world, world.staff, f"group/{world.group}")
    await world.helpdesk.groups.delete(world.admin.actor, world.group)
    count = await world.helpdesk.database.read(
        lambda c: sql.scalar(c, "SELECT count(*) FROM canned_replies")
    )
    assert count == 0
