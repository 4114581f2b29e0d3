"""How SQLite goes about each list: through an index, and without reading tickets that it drops.

The plans do not depend on how many rows there are: the help desk keeps no statistics.
"""

import itertools
import sqlite3

import pytest

from helpdesk.tickets import filters, lists, rows, timeline
from helpdesk.tickets.model import TicketFilter
from helpdesk.viewers import load_viewer

FILTERS = {
    "everything": {},
    "open": {"open_only": True},
    "mine": {"mine": True},
    "my open": {"mine": True, "open_only": True},
    "unassigned": {"unassigned": True},
    "open unassigned": {"unassigned": True, "open_only": True},
    "queue": {"workable": True, "open_only": True},
    "whole queue": {"workable": True},
    "status": {"status": ("New",)},
    "statuses": {"status": ("New", "Closed")},
    "priority": {"priority": ("High",)},
    "status and priority": {"status": ("Closed",), "priority": ("High",)},
    "category": {"category": "Hardware"},
    "type": {"category": "Hardware", "type": "Laptop"},
    "item": {"item": "Battery"},
    "group": {"group_id": "x"},
    "assignee": {"assignee_id": "x"},
    "assignee and status": {"assignee_id": "x", "status": ("New",)},
    "submitter": {"submitter_id": "x"},
    "search": {"text": "printer"},
    "search of two words": {"text": "printer broken"},
    "search in a category": {"text": "printer", "category": "Hardware"},
    "search of the open": {"text": "printer", "open_only": True},
    "everything at once": {
        "text": "printer",
        "open_only": True,
        "status": ("New",),
        "priority": ("High",),
        "category": "Hardware",
        "group_id": "x",
    },
}
PEOPLE = ("admin", "staff", "user")


def plan(connection: sqlite3.Connection, query: str, values: object) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]


def steps_over_tickets(found: list[str]) -> list[str]:
    return [step for step in found if step.split()[:2] in (["SCAN", "t"], ["SEARCH", "t"])]


async def plans_of(world, person: str, wanted: dict, sort: str) -> dict[str, list[str]]:
    def read(connection: sqlite3.Connection) -> dict[str, list[str]]:
        viewer = load_viewer(connection, getattr(world, person).actor)
        where = filters.conditions(connection, viewer, TicketFilter(**wanted))
        page = lists.page_query(where, sort, public=not viewer.is_staff, searched="text" in wanted)
        values = {**where.values, "limit": 25, "offset": 0}
        count = f"SELECT count(*) FROM tickets AS t WHERE {where.sql()}"
        return {
            "page": plan(connection, page, values),
            "count": plan(connection, count, where.values),
        }

    return await world.helpdesk.database.read(read)


@pytest.mark.parametrize(
    ("person", "name"),
    [
        pair
        for pair in itertools.product(PEOPLE, FILTERS)
        # Who works on nothing has no queue: nothing is read for it.
        if pair not in {("user", "queue"), ("user", "whole queue")}
    ],
)
async def test_no_list_reads_tickets_that_it_does_not_show(world, person: str, name: str):
    for sort in lists.SORTS:
        found = await plans_of(world, person, FILTERS[name], f"-{sort}")
        for kind, steps in found.items():
            over = steps_over_tickets(steps)
            assert over, (kind, steps)
            for step in over:
                walks = step.startswith("SCAN t USING COVERING INDEX")
                looks_up = step.startswith("SEARCH t USING")
                # Sorted by subject alone, the list is walked in that order to a full page.
                in_order = kind == "page" and not FILTERS[name] and "USING INDEX" in step
                assert walks or looks_up or in_order, (sort, kind, steps)


@pytest.mark.parametrize(
    ("person", "name", "sort", "index"),
    [
        ("staff", "everything", "-updated_at", "tickets_by_update"),
        ("staff", "everything", "-priority", "tickets_by_priority"),
        ("staff", "everything", "subject", "tickets_by_subject"),
        ("staff", "open", "-updated_at", "tickets_open"),
        ("staff", "queue", "-updated_at", "tickets_open"),
        ("staff", "open unassigned", "-updated_at", "tickets_open"),
        ("staff", "unassigned", "-updated_at", "tickets_by_update"),
        ("staff", "status", "-updated_at", "tickets_by_status"),
        ("staff", "status and priority", "-updated_at", "tickets_by_update"),
        ("staff", "category", "-updated_at", "tickets_by_category"),
        ("staff", "mine", "-updated_at", "tickets_by_assignee"),
        ("staff", "group", "-updated_at", "tickets_by_group"),
        ("staff", "submitter", "-updated_at", "tickets_by_submitter"),
        ("staff", "search", "-updated_at", "tickets_by_number"),
        ("user", "everything", "-updated_at", "tickets_by_submitter_public"),
    ],
)
async def test_the_common_lists_go_by_the_index_made_for_them(
    world, person: str, name: str, sort: str, index: str
):
    found = await plans_of(world, person, FILTERS[name], sort)
    (step,) = steps_over_tickets(found["page"])
    assert index in step.split(), found["page"]


@pytest.mark.parametrize("name", ["everything", "open", "status", "category", "mine", "group"])
async def test_a_page_of_the_usual_order_is_not_sorted(world, name: str):
    found = await plans_of(world, "staff", FILTERS[name], "-updated_at")
    assert not [step for step in found["page"] if "TEMP B-TREE" in step and "ORDER BY" in step] or (
        name == "category"  # Found by its name, which is a list of one.
    )


async def test_a_search_asks_the_full_text_index_and_never_compares_texts(world):
    found = await plans_of(world, "staff", FILTERS["search of two words"], "-updated_at")
    for steps in found.values():
        assert sum("search VIRTUAL TABLE INDEX" in step for step in steps) == 2


async def test_a_ticket_and_its_story_are_looked_up(world):
    ticket = await world.ticket()

    def read(connection: sqlite3.Connection) -> list[str]:
        values = {"ticket": ticket.id, "before": "~", "limit": 51}
        return list(
            itertools.chain(
                plan(connection, rows.FIND, (ticket.id,)),
                plan(
                    connection,
                    timeline._QUERY.format(sight=timeline._PUBLIC, fields=timeline._PUBLIC_FIELDS),
                    values,
                ),
            )
        )

    steps = await world.helpdesk.database.read(read)
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert not [step for step in steps if "TEMP B-TREE" in step], steps


async def test_the_bell_and_the_session_are_looked_up(world):
    queries = (
        ("SELECT count(*) FROM notifications WHERE user_id = ? AND read_at IS NULL", ("x",)),
        ("SELECT * FROM notifications WHERE user_id = ? ORDER BY id DESC LIMIT 50", ("x",)),
        ("SELECT * FROM sessions JOIN users ON users.id = user_id WHERE token_hash = ?", (b"x",)),
    )
    steps = await world.helpdesk.database.read(
        lambda c: [step for query, values in queries for step in plan(c, query, values)]
    )
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert not [step for step in steps if "TEMP B-TREE" in step], steps
