import random

import pytest

from helpdesk import access
from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.paging import PageRequest
from helpdesk.tickets import filters, lists, rows
from helpdesk.tickets.model import TicketDraft, TicketFilter
from helpdesk.viewers import load_viewer

EVERYTHING = TicketFilter()


async def subjects(world, actor, wanted=EVERYTHING, **options) -> list[str]:
    page = await world.helpdesk.tickets.list(actor, wanted, **options)
    assert page.total >= len(page.rows)
    return [row.subject for row in page.rows]


@pytest.fixture
async def filled(world):
    """Three tickets, an hour apart: a, b, c."""
    tickets = world.helpdesk.tickets
    a = await world.ticket(subject="a printer", category="Hardware", priority="Low")
    world.clock.turn(hours=1)
    b = await world.ticket(
        subject="b laptop", category="Hardware", type="Laptop", item="Battery", priority="Critical"
    )
    world.clock.turn(hours=1)
    draft = TicketDraft("c mail", "100% of mail_boxes are \\ full", "High", "Software")
    c = await tickets.create(world.stranger.actor, draft)
    await tickets.assign_user(SYSTEM, a.id, world.staff.id)
    await tickets.assign_group(SYSTEM, b.id, world.group)
    await tickets.set_status(SYSTEM, b.id, "In Progress")
    await tickets.resolve(SYSTEM, c.id)
    world.ids = {"a": a.id, "b": b.id, "c": c.id}
    return world


async def test_a_user_s_list_holds_their_own_tickets_and_counts_no_others(filled):
    page = await filled.helpdesk.tickets.list(filled.user.actor)
    assert {row.submitter.id for row in page.rows} == {filled.user.id}
    assert page.total == 2
    wide = TicketFilter(submitter_id=filled.stranger.id)
    assert (await filled.helpdesk.tickets.list(filled.user.actor, wide)).total == 0


async def test_staff_and_admins_see_every_ticket(filled):
    for person in (filled.staff, filled.outsider, filled.admin):
        assert (await filled.helpdesk.tickets.list(person.actor)).total == 3


async def test_a_plugin_has_no_list(filled):
    with pytest.raises(NotAllowed, match="plugins receive tickets in events"):
        await filled.helpdesk.tickets.list(filled.plugin)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "abc"),
        ({"status": ["new"]}, "a"),
        ({"status": ["New", "IN PROGRESS"]}, "ab"),
        ({"status": ["Nope"]}, ""),
        ({"status": ["open"]}, "ab"),
        ({"status": ["open", "resolved"]}, "abc"),
        ({"priority": ["critical", "Low"]}, "ab"),
        ({"category": "hardware"}, "ab"),
        ({"category": "Hardware", "type": "laptop"}, "b"),
        ({"item": "battery"}, "b"),
        ({"open_only": True}, "ab"),
        ({"unassigned": True}, "c"),
        ({"mine": True}, "a"),
        ({"text": "LAPTOP"}, "b"),
        ({"text": "mail 100%"}, "c"),
        ({"text": "laptop printer"}, ""),
        ({"text": "lap"}, "b"),
        ({"text": "top"}, ""),
        ({"text": "mail boxes"}, "c"),
        ({"text": "%"}, ""),
        ({"text": '\\ _ "'}, ""),
        ({"text": '"laptop'}, "b"),
        ({"text": "laptop OR printer"}, ""),
        ({"text": "'; DROP TABLE tickets; --"}, ""),
        ({"status": ["New"], "priority": ["High"]}, ""),
    ],
)
async def test_each_filter_finds_what_it_says(filled, wanted, expected: str):
    found = await subjects(filled, filled.staff.actor, TicketFilter(**wanted), sort="subject")
    assert "".join(subject[0] for subject in found) == expected


async def test_filters_by_people_groups_and_ids(filled):
    async def found(**wanted: str) -> str:
        rows = await subjects(filled, SYSTEM, TicketFilter(**wanted), sort="subject")
        return "".join(subject[0] for subject in rows)

    assert await found(assignee_id=filled.staff.id) == "a"
    assert await found(group_id=filled.group) == "b"
    assert await found(submitter_id=filled.stranger.id) == "c"
    assert await found(category=filled.software) == "c"
    assert await found(text=filled.ids["b"].lower()) == "b"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("subject", "abc"),
        ("-subject", "cba"),
        ("created_at", "abc"),
        ("-created_at", "cba"),
        ("priority", "acb"),
        ("-priority", "bca"),
        ("status", "bac"),
    ],
)
async def test_each_sort_order(filled, sort: str, expected: str):
    found = await subjects(filled, SYSTEM, sort=sort)
    assert "".join(subject[0] for subject in found) == expected


async def test_what_changed_last_comes_first(filled):
    filled.clock.turn(hours=1)
    await filled.helpdesk.tickets.note(SYSTEM, filled.ids["a"], "bump")
    assert (await subjects(filled, SYSTEM))[0] == "a printer"


async def test_an_unknown_sort_order_or_priority_is_refused(filled):
    with pytest.raises(Invalid, match="sort: expected one of updated_at, created_at, priority"):
        await subjects(filled, SYSTEM, sort="password_hash")
    with pytest.raises(Invalid, match="priority: expected Low"):
        await subjects(filled, SYSTEM, TicketFilter(priority=["huge"]))


async def test_pages_cut_the_list_without_gap_or_overlap(filled):
    for number in range(8):
        await filled.ticket(subject=f"d{number}")
    everything = await subjects(filled, SYSTEM, per_page=200)
    assert len(everything) == 11
    pages = [await subjects(filled, SYSTEM, page=page, per_page=4) for page in (1, 2, 3, 4)]
    assert [subject for page in pages for subject in page] == everything
    assert [len(page) for page in pages] == [4, 4, 3, 0]
    last = await filled.helpdesk.tickets.list(SYSTEM, page=3, per_page=4)
    assert (last.total, last.total_pages, last.page, last.per_page) == (11, 3, 3, 4)


@pytest.mark.parametrize(("page", "per_page"), [(0, 10), (-1, 10), (1, 0), (1, 201)])
async def test_a_page_out_of_bounds_is_refused(world, page: int, per_page: int):
    with pytest.raises(Invalid, match=r"page: expected a number from|per_page: expected a number"):
        await world.helpdesk.tickets.list(SYSTEM, page=page, per_page=per_page)


async def test_an_empty_list_has_no_pages(world):
    page = await world.helpdesk.tickets.list(SYSTEM)
    assert (list(page.rows), page.total, page.total_pages) == ([], 0, 0)


async def test_the_queue_holds_exactly_what_staff_may_work_on(world):
    """The rule stands twice, in ``access`` and in SQL: here they are held together."""
    helpdesk = world.helpdesk
    dice = random.Random(7)
    empty = await helpdesk.groups.create(SYSTEM, name="Nobody's", category_ids=[world.software])
    second = await helpdesk.groups.create(SYSTEM, name="Second", member_ids=[world.outsider.id])
    for number in range(60):
        ticket = await world.ticket(
            subject=f"{number}", category=dice.choice([None, "Hardware", "Software"])
        )
        kind = dice.randrange(3)
        if kind == 1:
            people = [world.staff.id, world.outsider.id, world.admin.id]
            await helpdesk.tickets.assign_user(SYSTEM, ticket.id, dice.choice(people))
        elif kind == 2:
            groups = [world.group, empty.id, second.id]
            await helpdesk.tickets.assign_group(SYSTEM, ticket.id, dice.choice(groups))

    def by_rule(connection, actor) -> set[str]:
        viewer = load_viewer(connection, actor)
        every = lists.tickets(connection, viewer, TicketFilter(), "subject", PageRequest(1, 200))
        return {
            ticket.id
            for ticket in every.rows
            if access.may_work_on(viewer, rows.ownership(connection, ticket))
        }

    for person in (world.staff, world.outsider, world.admin, world.user):
        queue = await helpdesk.tickets.list(person.actor, TicketFilter(workable=True), per_page=200)
        expected = await helpdesk.database.read(lambda c, p=person: by_rule(c, p.actor))
        assert {row.id for row in queue.rows} == expected
        assert queue.total == len(expected)


@pytest.mark.parametrize(
    ("wanted", "sort", "index"),
    [
        ({}, "-updated_at", "tickets_by_update"),
        ({}, "-priority", "tickets_by_priority"),
        ({"status": ["New"]}, "-updated_at", "tickets_by_status"),
        ({"submitter_id": "x"}, "-updated_at", "tickets_by_submitter"),
        ({"assignee_id": "x"}, "-updated_at", "tickets_by_assignee"),
        ({"group_id": "x"}, "-updated_at", "tickets_by_group"),
    ],
)
async def test_common_lists_find_their_page_through_an_index(world, wanted, sort: str, index: str):
    def plan(connection) -> str:
        viewer = load_viewer(connection, SYSTEM)
        where = filters.conditions(connection, viewer, TicketFilter(**wanted))
        query = "EXPLAIN QUERY PLAN " + lists.page_query(where, sort, public=False)
        values = {**where.values, "limit": 25, "offset": 0}
        return "\n".join(row[3] for row in connection.execute(query, values))

    found = await world.helpdesk.database.read(plan)
    assert index in found
    assert "SCAN t\n" not in found + "\n"
