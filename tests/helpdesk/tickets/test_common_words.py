"""Searches for common words find what searches for rare ones would, by another way."""

import itertools

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.tickets import conditions, lists, search
from helpdesk.tickets.model import TicketDraft, TicketFilter

TEXTS = (
    "printer",
    "printer toner",
    "print",
    "pr",
    "printer -toner",
    "-toner printer",
    '"printer toner"',
    "printer 7",
    "printer user",
    "mail-box printer",
    "请求 printer",
    "smokes printer",
)
WANTED = (
    {},
    {"open_only": True},
    {"category": "Hardware"},
    {"priority": ("High",)},
    {"mine": True},
    {"created_from": "2026-04-05", "updated_to": "2026-04-06"},
)


async def fill(world) -> None:
    words = ("printer", "toner", "printers", "mail-box", "请求书", "printer toner")
    for number in range(40):
        some = [word for at, word in enumerate(words) if number >> at & 1 or number % 3 == at]
        person = (world.user, world.stranger)[number % 2]
        draft = TicketDraft(
            f"{' '.join(some)} {number}",
            "printer" if number % 2 else "nothing",
            priority=("Low", "High")[number % 2],
            category="Hardware" if number % 3 else None,
        )
        ticket = await world.helpdesk.tickets.create(person.actor, draft)
        if number % 4 == 0:
            await world.helpdesk.tickets.note(world.admin.actor, ticket.id, "smokes")
        if number % 5 == 0:
            await world.helpdesk.tickets.assign_user(SYSTEM, ticket.id, world.staff.id)
        if number % 7 == 0:
            await world.helpdesk.tickets.close(SYSTEM, ticket.id)


async def found(world, person, text: str, wanted: dict, sort: str) -> tuple[list[int], int]:
    page = await world.helpdesk.tickets.list(
        person.actor, TicketFilter(text=text, **wanted), sort=sort, per_page=7, exact=True
    )
    return [row.number for row in page.rows], page.total


async def test_both_ways_find_the_same_in_the_same_order(world, monkeypatch):
    await fill(world)
    people = (world.staff, world.user)
    sorts = ("-updated_at", "subject", "-priority")
    asked = list(itertools.product(people, TEXTS, WANTED, sorts))
    usual = [await found(world, *one) for one in asked]
    assert sum(bool(rows) for rows, _ in usual) > len(usual) / 3
    monkeypatch.setattr(conditions, "SHORT", -1)
    monkeypatch.setattr(search, "RARE", -1)
    for walked in (lists.WALKED, 3):
        monkeypatch.setattr(lists, "WALKED", walked)
        for one, expected in zip(asked, usual, strict=True):
            assert await found(world, *one) == expected, one[1:]


async def test_what_is_not_counted_out_is_said_and_pages_end_there(world, monkeypatch):
    await fill(world)
    monkeypatch.setattr(conditions, "SHORT", -1)
    monkeypatch.setattr(search, "RARE", -1)
    monkeypatch.setattr(lists, "MOST_COUNTED", 10)
    tickets = world.helpdesk.tickets
    page = await tickets.list(world.staff.actor, TicketFilter(text="printer"), per_page=5)
    assert (page.total, page.more, len(page.rows)) == (10, True, 5)
    last = await tickets.list(world.staff.actor, TicketFilter(text="printer"), page=3, per_page=5)
    assert (last.rows, last.total, last.more) == ([], 10, True)
    views = {"common": TicketFilter(text="printer"), "all": TicketFilter()}
    assert await tickets.view_counts(world.staff.actor, views) == {"common": 10, "all": 40}


@pytest.mark.parametrize("text", ["printer", "printer toner", "pr"])
async def test_one_ticket_at_a_time_is_asked_by_its_place_in_the_index(world, text, monkeypatch):
    await fill(world)
    monkeypatch.setattr(conditions, "SHORT", -1)
    monkeypatch.setattr(search, "RARE", -1)

    def matches(connection) -> list[str]:
        words = search.words_of(text, with_notes=True)
        return [search.seekable(connection, word) for word in words]

    for match in await world.helpdesk.database.read(matches):
        assert match is not None
        # A prefix that has no list of its own would be read whole for each ticket.
        assert not match.endswith("*") or len(match) in {5, 6}, match
