"""Folding for the whole product, and text that shows nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, Invalid, LoginFailed
from helpdesk.text import MOST_MARKS, name_key, normalized, search_text, shows_something
from helpdesk.tickets.model import TicketDraft, TicketFilter

NOTHING = [
    *("\u200b", "\u200d", "\ufeff", "\u3164", "\u2800", "\u00ad", "\U000e0041", "\ufe0f"),
    *("\u0301", " \u0301 ", "\u115f", "\uffa0", "\u2066\u2069", "\u200b\u3164\n\u2800"),
]


@pytest.mark.parametrize("text", NOTHING, ids=ascii)
def test_what_shows_nothing_is_told(text):
    assert not shows_something(text)


@pytest.mark.parametrize("text", ["a", "é", "e\u0301", "👍", "\u200bx", "1", "!", "ก", "한", "ـ"])
def test_what_shows_something_is_told(text):
    assert shows_something(text)


@pytest.mark.parametrize("text", NOTHING, ids=ascii)
async def test_text_that_must_say_something_must_show_something(world, text):
    desk, user = world.helpdesk, world.user.actor
    ticket = await desk.tickets.create(user, TicketDraft("Printer", "It"))
    for attempt in (
        desk.tickets.create(user, TicketDraft(text, "x")),
        desk.tickets.reply(user, ticket.id, text),
        desk.tickets.note(world.admin.actor, ticket.id, text),
        desk.statuses.add(SYSTEM, text),
        desk.users.create(SYSTEM, email="x@example.com", name=text),
        desk.settings.update(world.admin.actor, site_name=text),
    ):
        with pytest.raises(Invalid):
            await attempt


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ärger", "ärger"),
        ("Ärger", "ÄRGER"),
        ("Ärger", "A\u0308rger"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("Ünal İ", "ünal i\u0307"),
        ("Жалоба", "ЖАЛОБА"),
        ("a b", "A  B"),
        ("ab", "a\u200bb"),
        ("ﬁle", "FILE"),
    ],
)
def test_two_spellings_are_one_name(one, other):
    assert name_key(one) == name_key(other)


def test_an_accent_makes_another_name():
    assert name_key("Ärger") != name_key("Arger")


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert name_key(name_key(text)) == name_key(text)


async def test_a_status_is_renamed_by_case_alone_and_never_doubled(world):
    statuses = world.helpdesk.statuses
    await statuses.add(SYSTEM, "Ärger")
    for name in ("ärger", "ÄRGER", "Ärger"):
        found = next(s.name for s in await statuses.all() if name_key(s.name) == name_key(name))
        assert (await statuses.rename(SYSTEM, found, name)).name == name
    for name in ("ärger", "A\u0308RGER"):
        with pytest.raises(Conflict):
            await statuses.add(SYSTEM, name)


@pytest.mark.parametrize(
    ("subject", "typed"),
    [
        ("Straße gesperrt", "strasse"),
        ("GRÖSSE falsch", "größe"),
        ("Οδος", "ΟΔΟΣ"),
        ("プリンターが動かない", "リンター"),
        ("打印机坏了", "印机"),
        ("เครื่องพิมพ์เสีย", "พิมพ์"),
        ("Жалоба", "жалоба"),
        ("Café closed", "CAFE"),
        ("vpn down", "VPN -train"),
        ("vpn down", "vpn vpn vpn"),
        ("reset the vpn token", '"the vpn"'),
    ],
)
async def test_a_ticket_is_found_by_what_people_type(world, subject, typed):
    made = await world.helpdesk.tickets.create(world.user.actor, TicketDraft(subject, "It"))
    found = await world.helpdesk.tickets.list(world.admin.actor, TicketFilter(text=typed))
    assert [ticket.id for ticket in found.rows] == [made.id]


async def test_a_word_after_a_minus_leaves_tickets_out(world):
    tickets = world.helpdesk.tickets
    kept = await tickets.create(world.user.actor, TicketDraft("vpn in the office", "It"))
    await tickets.create(world.user.actor, TicketDraft("vpn in the train", "It"))
    found = await tickets.list(world.admin.actor, TicketFilter(text="vpn -train"))
    assert [ticket.id for ticket in found.rows] == [kept.id]


async def test_a_ticket_is_found_by_its_requester_and_by_a_part_of_its_id(world):
    tickets = world.helpdesk.tickets
    made = await tickets.create(world.user.actor, TicketDraft("Printer", "It"))
    await tickets.create(world.admin.actor, TicketDraft("Scanner", "It"))
    for typed in (world.user.name.upper(), world.user.email, made.id[-8:].lower()):
        found = await tickets.list(world.admin.actor, TicketFilter(text=typed))
        assert [ticket.id for ticket in found.rows] == [made.id], typed


async def test_a_password_opens_the_account_however_its_letters_are_composed(world):
    users = world.helpdesk.users
    await users.create(SYSTEM, email="ana@example.com", name="Ana", password="pa\u0301ssword one")
    assert (await users.verify("ana@example.com", "p\u00e1ssword\u00a0one")).name == "Ana"
    with pytest.raises(LoginFailed):
        await users.verify("ana@example.com", "password one")


@pytest.mark.parametrize(
    "address",
    ["a\u200bna@example.com", "\u202eana@example.com", "an\u00ada@example.com", "ana\ufeff@x.com"],
    ids=ascii,
)
async def test_an_address_with_a_hidden_character_is_refused(world, address):
    with pytest.raises(Invalid):
        await world.helpdesk.users.create(SYSTEM, email=address, name="Ana")


async def test_addresses_that_differ_by_composition_are_one(world):
    await world.helpdesk.users.create(SYSTEM, email="ren\u00e9@example.com", name="A")
    with pytest.raises(Conflict):
        await world.helpdesk.users.create(SYSTEM, email="rene\u0301@example.com", name="B")


@pytest.mark.parametrize("mark", ["\u0301", "\u0f73", "\uff9e"], ids=ascii)
def test_no_letter_keeps_more_marks_than_any_language_needs(mark):
    # Putting marks in order takes the square of their number: 200,000 would take a minute.
    few, many = "a" + mark * MOST_MARKS, "a" + mark * 200_000
    assert normalized("NFD", many) == normalized("NFD", few)
    assert search_text(many) == search_text(few)
    assert name_key("a" + mark * 900) == name_key(few)


def test_letters_of_every_script_stay_as_they_are():
    for text in ("Ärger", "नमस्ते", "สวัสดี", "한국어", "עִבְרִית", "Zażółć"):
        assert normalized("NFC", text) == unicodedata.normalize("NFC", text)
