"""Sign-up: at allowed domains, confirmed by a letter, and silent about who has an account."""

import re

import pytest

from helpdesk.actors import SYSTEM, Role
from helpdesk.errors import Conflict, Invalid, LoginFailed, NotFound
from helpdesk.mail import outgoing
from helpdesk.mail.letters import Envelope, to_bytes, to_message

PASSWORD = "a new password"


@pytest.fixture
async def desk(world):
    await world.helpdesk.mail.show_on_page()
    await world.helpdesk.settings.update(SYSTEM, signup_domains="example.com münchen.example")
    return world.helpdesk


async def ask(desk, email="new@example.com", name="New Person"):
    await desk.sign_ups.request(
        email=email, name=name, url_of=lambda token: f"https://x/{token}", password_url="https://p"
    )


async def letters(desk):
    return list(reversed(await desk.database.read(lambda c: outgoing.newest(c, None, 100))))


async def token_of(desk) -> str:
    return re.search(r"https://x/(\S+)", (await letters(desk))[-1].letter.text)[1]


async def test_an_address_is_confirmed_once_and_becomes_a_requester(desk):
    await ask(desk)
    assert await desk.users.find_by_email(SYSTEM, "new@example.com") is None
    token = await token_of(desk)
    for _ in range(2):
        assert (await desk.sign_ups.waiting(token)).name == "New Person"
    made = await desk.sign_ups.confirm(token, PASSWORD)
    assert (made.email, made.name, made.role) == ("new@example.com", "New Person", Role.USER)
    assert (await desk.users.verify("new@example.com", PASSWORD)).id == made.id
    for act in (desk.sign_ups.waiting(token), desk.sign_ups.confirm(token, "stolen later")):
        with pytest.raises(NotFound):
            await act
    entry = (await desk.audit.list(SYSTEM)).rows[0]
    assert (entry.action, entry.subject) == ("user.signed_up", "new@example.com")
    assert token not in str(entry)


async def test_a_link_ends_in_time_and_with_a_newer_one(desk, world):
    await ask(desk)
    old = await token_of(desk)
    await ask(desk)
    new = await token_of(desk)
    with pytest.raises(NotFound):
        await desk.sign_ups.confirm(old, PASSWORD)
    world.clock.turn(days=1, seconds=-1)
    await desk.sign_ups.waiting(new)
    world.clock.turn(seconds=1)
    with pytest.raises(NotFound):
        await desk.sign_ups.confirm(new, PASSWORD)
    await desk.sign_ups.forget_old()
    count = "SELECT count(*) FROM sign_ups"
    assert await desk.database.read(lambda c: c.execute(count).fetchone()) == (0,)


async def test_only_the_hash_of_a_link_is_stored(desk):
    await ask(desk)
    token = await token_of(desk)
    rows = await desk.database.read(lambda c: c.execute("SELECT * FROM sign_ups").fetchall())
    assert token not in str([tuple(row) for row in rows])


@pytest.mark.parametrize(
    "email",
    [
        *("a@mail.example.com", "a@evilexample.com", "a@example.com.evil.example"),
        *(
            "a@example.com@evil.example",
            "a@evil.example@example.com",
            '"a@evil.example"@example.com',
        ),
        *("a@ex\u0430mple.com", "a@[127.0.0.1]", "example.com", "a@", "@example.com", ""),
        *("a@example.com,b@evil.example", "<a@evil.example>a@example.com", "a b@example.com"),
    ],
)
async def test_another_domain_is_refused_and_nothing_is_sent(desk, email):
    with pytest.raises(Invalid, match="email"):
        await ask(desk, email)
    assert await letters(desk) == []


@pytest.mark.parametrize(
    ("typed", "to"),
    [
        ("  New@EXAMPLE.com ", "new@example.com"),
        ("new+tag@example.com", "new+tag@example.com"),
        ("new@München.example", "new@xn--mnchen-3ya.example"),
        ("new@XN--mnchen-3ya.example", "new@xn--mnchen-3ya.example"),
    ],
)
async def test_spellings_of_an_allowed_domain_are_taken(desk, typed, to):
    await ask(desk, typed)
    (letter,) = await letters(desk)
    assert letter.address == to
    made = await desk.sign_ups.confirm(await token_of(desk), PASSWORD)
    assert made.email == to
    assert (await desk.users.verify(typed, PASSWORD)).id == made.id


async def test_line_ends_in_an_address_or_a_name_become_no_header(desk):
    await ask(desk, "new@example.com\r\n", "New\r\nBcc: victim@evil.example")
    (letter,) = await letters(desk)
    assert letter.address == "new@example.com"
    at = (await desk.sign_ups.waiting(await token_of(desk)), letter.created_at)[1]
    envelope = Envelope(letter.message_id, "desk@example.com", "Desk", "", at)
    raw = to_bytes(to_message(letter.letter, envelope))
    assert b"victim" not in raw
    with pytest.raises(Invalid):
        await ask(desk, "new@example.com\r\nBcc: victim@evil.example")


async def test_the_letter_has_no_words_of_the_visitor(desk):
    await ask(desk, name="BUY at https://evil.example")
    (letter,) = await letters(desk)
    assert "evil" not in letter.letter.text + letter.letter.to_name + letter.subject


async def test_who_has_an_account_learns_it_by_mail_alone(desk, world):
    await ask(desk, "user@example.com", "Somebody Else")
    (letter,) = await letters(desk)
    assert (letter.address, letter.kind) == ("user@example.com", "signup_known")
    assert "https://p" in letter.letter.text
    assert "https://x" not in letter.letter.text
    assert (await desk.users.get(SYSTEM, world.user.id)).name == "User"


async def test_a_disabled_account_gets_no_letter_and_no_account(desk, world):
    await desk.users.update(SYSTEM, world.user.id, disabled=True)
    await ask(desk, "user@example.com")
    assert await letters(desk) == []
    with pytest.raises(LoginFailed):
        await desk.users.verify("user@example.com", PASSWORD)


async def test_an_account_that_was_made_meanwhile_is_not_taken_over(desk):
    await ask(desk)
    token = await token_of(desk)
    made = await desk.users.create(SYSTEM, email="new@example.com", name="By An Admin")
    with pytest.raises(Conflict, match="Forgot your password"):
        await desk.sign_ups.confirm(token, PASSWORD)
    with pytest.raises(LoginFailed):
        await desk.users.verify("new@example.com", PASSWORD)
    assert (await desk.users.get(SYSTEM, made.id)).name == "By An Admin"


async def test_a_domain_that_was_taken_off_the_list_ends_its_links(desk):
    await ask(desk)
    token = await token_of(desk)
    await desk.settings.update(SYSTEM, signup_domains="other.example")
    with pytest.raises(NotFound):
        await desk.sign_ups.confirm(token, PASSWORD)


async def test_it_is_off_until_domains_are_listed_and_without_mail(world):
    desk = world.helpdesk
    assert not await desk.sign_ups.is_open()
    with pytest.raises(Invalid):
        await ask(desk)
    await desk.settings.update(SYSTEM, signup_domains="example.com")
    assert not await desk.sign_ups.is_open()
    with pytest.raises(Conflict):
        await ask(desk)
    await desk.mail.show_on_page()
    assert await desk.sign_ups.is_open()


async def test_a_weak_password_is_refused_and_the_link_stays_good(desk):
    await ask(desk)
    token = await token_of(desk)
    with pytest.raises(Invalid):
        await desk.sign_ups.confirm(token, "x")
    await desk.sign_ups.confirm(token, PASSWORD)
