"""Searches with typing mistakes: what they find, what they say, and to whom."""

import time

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.tickets import spelling
from helpdesk.tickets.corrections import TicketPage
from helpdesk.tickets.model import TicketDraft, TicketFilter


async def search(world, person, text: str, **wanted) -> TicketPage:
    page, per_page = wanted.pop("page", 1), wanted.pop("per_page", 25)
    exact = wanted.pop("exact", False)
    asked = TicketFilter(text=text, **wanted)
    return await world.helpdesk.tickets.list(
        person.actor, asked, page=page, per_page=per_page, exact=exact
    )


def told(found: TicketPage) -> dict[str, str]:
    if found.correction is None:
        return {}
    return {word.typed: word.used for word in found.correction.words}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("prnter", "printer"),
        ("priner", "printer"),
        ("Pinter", "printer"),
        ("pritner", "printer"),
        ("rpinter", "printer"),
        ("printerr", "printer"),
        ("printar", "printer"),
        ("passwrod", "password"),
        ("pasword", "password"),
        ("paßwort", "passwort"),
        ("acomodation", "accommodation"),
        ("authentification", "authentication"),
        ("Größse", "größe"),
        ("grosze", "größe"),
        ("клавиатра", "клавиатура"),
        ("ΕΚΤΥΠΟΤΗΣ", "εκτυπωτής"),
        ("打印几", "打印机"),
        ("打机", "打印机"),
        ("打印印机", "打印机"),
        ("パスワート", "ハスワート"),
        ("비밀번오", "비밀번호"),
        ("เครื่องพมพ์", None),
    ],
)
async def test_a_mistyped_word_finds_the_tickets_that_were_meant(world, typed: str, meant: str):
    ticket = await world.ticket(
        subject="Printer and password, Passwort",
        description="Accommodation authentication Größe клавиатура εκτυπωτής 打印机坏了 パスワード"
        " 비밀번호 เครื่องพิมพ์",
    )
    for person in (world.staff, world.user):
        found = await search(world, person, typed)
        assert [row.id for row in found.rows] == [ticket.id]
        if meant is not None and told(found):
            assert list(told(found).values()) == [meant]


async def test_only_the_mistyped_word_of_several_is_replaced(world):
    ticket = await world.ticket(subject="The printer smokes")
    found = await search(world, world.staff, 'smokes prnter "the"')
    assert [row.id for row in found.rows] == [ticket.id]
    assert told(found) == {"prnter": "printer"}
    assert found.correction.text == 'smokes printer "the"'


async def test_what_fits_as_typed_comes_first_and_nothing_is_changed_where_much_fits(world):
    printers = [await world.ticket(subject=f"printer {n}") for n in range(6)]
    typed = await world.ticket(subject="a prnter")
    await world.helpdesk.tickets.reply(SYSTEM, printers[0].id, "newest of all")
    found = await search(world, world.staff, "prnter")
    assert found.rows[0].id == typed.id
    assert found.rows[1].id == printers[0].id
    assert (found.total, found.correction.exact) == (7, 1)
    pages = [await search(world, world.staff, "prnter", page=n, per_page=2) for n in range(1, 5)]
    assert [row.id for page in pages for row in page.rows] == [row.id for row in found.rows]
    assert {page.total for page in pages} == {7}
    for n in range(3):
        await world.ticket(subject=f"prnter {n}")
    assert not told(await search(world, world.staff, "prnter"))


async def test_a_plural_is_no_mistake_where_tickets_have_it(world):
    await world.ticket(subject="keys")
    for _ in range(4):
        await world.ticket(subject="key")
    assert not told(await search(world, world.staff, "keys"))


@pytest.mark.parametrize(
    "text", ['"prnter"', "-prnter", "tag:prnter", "#104", "1043", "pr", "x" * 10_000, "%s_'\"*"]
)
async def test_what_is_meant_literally_is_taken_so(world, text: str):
    await world.ticket(subject="printer 1042")
    assert not told(await search(world, world.staff, text))


async def test_a_search_for_exactly_these_words_is_not_corrected(world):
    await world.ticket(subject="printer")
    found = await search(world, world.staff, "prnter", exact=True)
    assert (found.total, found.correction) == (0, None)


async def test_a_correction_finds_something_under_the_other_filters(world):
    await world.ticket(subject="printer", category="Hardware")
    assert told(await search(world, world.staff, "prnter", category="Hardware"))
    found = await search(world, world.staff, "prnter", category="Software")
    assert (found.total, found.correction) == (0, None)


async def test_the_name_of_a_requester_is_no_mistake(world):
    await world.ticket(subject="strangers everywhere")
    assert not told(await search(world, world.staff, "stranger"))


async def test_nobody_is_told_a_word_that_they_could_not_read(world):
    """Neither of other people's tickets nor of notes, whatever is tried, and however often."""
    secret = await world.ticket(subject="redundancies of april")
    await world.helpdesk.tickets.note(world.staff.actor, secret.id, "bankruptcy is near")
    draft = TicketDraft("My chair", "squeaks")
    mine = await world.helpdesk.tickets.create(world.stranger.actor, draft)
    for text in ("redundanceis", "redundancie", "rdundancies", "bankrupcty", "bankruptc", "apirl"):
        assert (await search(world, world.stranger, text)).correction is None
        assert (await search(world, world.stranger, f"{text} chair")).correction is None
    found = await search(world, world.stranger, "chiar")
    assert ([row.id for row in found.rows], told(found)) == ([mine.id], {"chiar": "chair"})
    # The submitter of the first ticket reads its subject, and not its note.
    assert told(await search(world, world.user, "redundanceis"))
    assert (await search(world, world.user, "bankrupcty")).correction is None
    assert told(await search(world, world.staff, "bankrupcty"))


async def test_the_names_of_others_change_nothing_for_a_submitter(world):
    """Else a word that is not corrected would tell that somebody is called that."""
    draft = TicketDraft("sasha", "mine")
    await world.helpdesk.tickets.create(world.stranger.actor, draft)
    for _ in range(2):
        assert told(await search(world, world.stranger, "sahsa")) == {"sahsa": "sasha"}
        if await world.helpdesk.users.find_by_email(SYSTEM, "sahsa@example.com") is None:
            await world.helpdesk.users.create(SYSTEM, email="sahsa@example.com", name="Sahsa")


async def test_the_words_of_others_never_change_what_a_submitter_is_told(world):
    """Not even by being more common, or by filling the places of a key."""
    draft = TicketDraft("prinker", "mine")
    await world.helpdesk.tickets.create(world.stranger.actor, draft)
    for _ in range(5):
        await world.ticket(subject="printer")
    assert told(await search(world, world.stranger, "prinxer")) == {"prinxer": "prinker"}


async def test_a_word_that_was_edited_away_is_not_meant(world):
    ticket = await world.ticket(subject="printer")
    await world.helpdesk.tickets.edit(SYSTEM, ticket.id, subject="scanner")
    assert not told(await search(world, world.staff, "prnter"))


async def test_a_word_is_learnt_with_its_change_or_not_at_all(world):
    def broken(connection) -> None:
        spelling.learn(connection, "zanzibar")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await world.helpdesk.database.write(broken)
    query = "SELECT count(*) FROM spelling_words WHERE word = 'zanzibar'"
    counted = await world.helpdesk.database.read(lambda c: c.execute(query).fetchone())
    assert counted == (0,)


async def test_what_was_there_before_is_learnt_whole(world):
    await world.ticket(subject="Printer GRÖSSE", description="打印机坏了")

    def again(connection) -> tuple[set, set]:
        query = "SELECT word, shown, key FROM spelling_words JOIN spelling_keys ON id = word_id"
        before = set(connection.execute(query))
        spelling.learn_all(connection)
        return before, set(connection.execute(query))

    before, after = await world.helpdesk.database.write(again)
    assert before == after
    assert ("grosse", "größe") not in {row[:2] for row in after}
    assert ("grosse", "grösse") in {row[:2] for row in after}


def test_words_are_bounded_whatever_the_text():
    assert spelling.words_in("x" * 100_000) == {}
    many = spelling.words_in(" ".join(f"{chr(97 + n % 26) * 3}{n:b}" for n in range(50_000)))
    assert not many  # numerals in them
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = " ".join(f"word{a}{b}{c}" for a in letters for b in letters for c in letters)
    assert len(spelling.words_in(text)) == spelling.MOST_AT_ONCE
    began = time.process_time()
    spelling.words_in("a\u0301" * 500_000)
    spelling.words_in("字" * 1_000_000)
    assert time.process_time() - began < 5


async def test_a_vocabulary_of_any_size_is_never_read_whole(world):
    await world.ticket(subject="printer")

    def plans(connection) -> list[str]:
        query = (
            "SELECT word, shown FROM spelling_keys JOIN spelling_words ON id = word_id"
            " WHERE key = ? AND length = ? LIMIT ?"
        )
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ("a", 1, 1))]

    found = await world.helpdesk.database.read(plans)
    assert all(step.startswith("SEARCH") for step in found), found


@pytest.mark.parametrize("text", ["prnter " * 40, "x" * 10_000, "打" * 5_000, "é́" * 3_000])
async def test_a_search_of_any_length_is_answered_at_once(world, text: str):
    await world.ticket(subject="printer")
    began = time.process_time()
    await search(world, world.staff, text)
    await search(world, world.user, text)
    assert time.process_time() - began < 2
