"""Filters of lists by requester, item, custom field and time; what none of them lets through."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid
from helpdesk.tickets import filters
from helpdesk.tickets.model import TicketDraft, TicketFilter
from helpdesk.viewers import load_viewer


async def numbers(world, person, **wanted) -> list[int]:
    page = await world.helpdesk.tickets.list(
        person.actor, TicketFilter(**wanted), sort="created_at"
    )
    assert page.total == len(page.rows)
    counted = await world.helpdesk.tickets.view_counts(person.actor, {"x": TicketFilter(**wanted)})
    assert counted == {"x": page.total}
    return [row.number for row in page.rows]


async def test_tickets_of_a_requester_are_named_by_id_or_address(world):
    await world.ticket()
    draft = TicketDraft("Mine", "")
    await world.helpdesk.tickets.create(world.stranger.actor, draft)
    for name in (world.stranger.id, "stranger@example.com", " Stranger@Example.com "):
        assert await numbers(world, world.staff, submitter_id=name) == [2]
        assert await numbers(world, world.user, submitter_id=name) == []
    await world.helpdesk.tickets.require_known(
        world.user.actor, TicketFilter(submitter_id="user@example.com")
    )
    for name in ("nobody@example.com", "stranger@example.com"):
        with pytest.raises(Invalid, match="submitter"):
            await world.helpdesk.tickets.require_known(
                world.user.actor, TicketFilter(submitter_id=name)
            )


async def test_tickets_of_an_item(world):
    place = {"category": "Hardware", "type": "Laptop"}
    await world.ticket(**place)
    await world.ticket(**place, item="Battery")
    assert await numbers(world, world.staff, item="battery") == [2]


async def test_tickets_with_a_custom_field(world):
    first, second, _ = [await world.ticket() for _ in range(3)]
    fields = world.helpdesk.tickets.set_custom_field
    await fields(world.plugin, first.id, "jira.key", "OPS-1")
    await fields(world.plugin, second.id, "jira.key", "OPS-2")
    await fields(world.plugin, second.id, "z", "")
    assert await numbers(world, world.staff, field="jira.key") == [1, 2]
    assert await numbers(world, world.staff, field="jira.key", field_value="ops-2") == [2]
    assert await numbers(world, world.stranger, field="jira.key") == []
    assert await world.helpdesk.tickets.field_keys(world.staff.actor) == ("jira.key", "z")
    known = world.helpdesk.tickets.require_known
    await known(world.staff.actor, TicketFilter(field="z"))
    with pytest.raises(Invalid, match="field"):
        await known(world.staff.actor, TicketFilter(field="y"))
    # Whether others have such a field is none of a submitter's business.
    await known(world.stranger.actor, TicketFilter(field="y"))


async def test_tickets_of_some_days(world):
    for _ in range(3):
        await world.ticket()
        world.clock.turn(days=1)  # from 2026-04-05
    await world.helpdesk.tickets.note(world.staff.actor, "1", "seen on the 8th")
    assert await numbers(world, world.staff, created_from="2026-04-06") == [2, 3]
    assert await numbers(world, world.staff, created_to="2026-04-06") == [1, 2]
    day = {"created_from": "2026-04-06", "created_to": "2026-04-06"}
    assert await numbers(world, world.staff, **day) == [2]
    assert await numbers(world, world.staff, created_from="2026-04-07T16:00:00+02:00") == [3]
    assert await numbers(world, world.staff, created_from="2026-04-07T14:00:01Z") == []
    assert await numbers(world, world.staff, updated_from="2026-04-08") == [1]
    # A note changes nothing that its submitter may know of.
    assert await numbers(world, world.user, updated_from="2026-04-08") == []
    assert await numbers(world, world.user, updated_to="2026-04-05") == [1]
    assert await numbers(world, world.staff, created_to="9999-12-31") == [1, 2, 3]
    assert await numbers(world, world.staff, text="laptop", created_to="2026-04-06") == [1, 2]


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-13-01", "2026-4-5", "20260405", "2026-04-05T25:00:00Z", "2026-04-31", "~"],
)
async def test_what_is_no_time_is_refused_by_name(world, text: str):
    for name in ("created_from", "created_to", "updated_from", "updated_to"):
        with pytest.raises(Invalid, match=name):
            await world.helpdesk.tickets.list(world.staff.actor, TicketFilter(**{name: text}))


async def test_a_view_is_narrowed_by_the_new_filters(world):
    saved = TicketFilter(field="a", field_value="b", created_from="2026-04-01")
    refined = saved.refined(TicketFilter(field="c", updated_to="2026-04-05"))
    assert (refined.field, refined.field_value) == ("c", None)
    assert (refined.created_from, refined.updated_to) == ("2026-04-01", "2026-04-05")
    again = saved.refined(TicketFilter())
    assert again == saved


async def test_times_and_fields_are_looked_up_in_indexes(world):
    await world.helpdesk.tickets.set_custom_field(
        world.plugin, (await world.ticket()).id, "key", "value"
    )
    wanted = TicketFilter(
        created_from="2026-01-01", updated_to="2026-02-01", field="key", field_value="value"
    )

    def plan(connection) -> list[str]:
        where = filters.conditions(connection, load_viewer(connection, SYSTEM), wanted)
        query = f"EXPLAIN QUERY PLAN SELECT count(*) FROM tickets AS t WHERE {where.sql()}"
        return [row[3] for row in connection.execute(query, where.values)]

    steps = "\n".join(await world.helpdesk.database.read(plan))
    for index in ("tickets_by_creation_time", "tickets_by_update_time", "custom_fields_by_value"):
        assert f"COVERING INDEX {index}" in steps, steps
