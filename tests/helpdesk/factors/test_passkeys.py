"""Passkeys: what is added, what is let in, and everything that does not fit."""

import json
from typing import Any

import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ec

from helpdesk.errors import (
    Conflict,
    HelpDeskError,
    Invalid,
    LimitReached,
    LoginStepEnded,
    NotAllowed,
    NotFound,
)
from helpdesk.factors import ceremony, passkeys
from helpdesk.factors.ceremony import Site
from helpdesk.factors.sign_in import LoginStep
from tests.helpdesk.factors.authenticator import PRESENT, Authenticator, text
from tests.helpdesk.factors.phone import PASSWORD

SITE = Site.at("https://help.example.com")
ORIGIN = SITE.origin


class Holder:
    """Somebody with a session in which passkeys are added."""

    def __init__(self, desk: Any, user: Any, session: str) -> None:
        self.desk = desk
        self.user = user
        self.session = session

    async def options(self) -> str:
        return str(await self.desk.passkeys.begin(self.session, SITE, "Desk"))

    async def add(self, credential: str, name: str = "Laptop") -> tuple[str, ...]:
        found: tuple[str, ...] = await self.desk.passkeys.add(
            self.user.id, self.session, SITE, name=name, credential=credential
        )
        return found

    async def step(self) -> str:
        waits = await self.desk.sign_in.log_in("user@example.com", PASSWORD)
        assert isinstance(waits, LoginStep)
        return waits.token

    async def show(self, step: str, credential: str) -> Any:
        return await self.desk.sign_in.with_passkey(step, credential, SITE)


@pytest.fixture
async def holder(world: Any, desk: Any) -> Holder:
    return Holder(desk, world.user, (await desk.sessions.start(world.user.id)).token)


@pytest.fixture
async def key(holder: Holder) -> Authenticator:
    made = Authenticator()
    await holder.add(made.create(await holder.options(), ORIGIN))
    return made


async def test_a_passkey_is_added_and_logs_in(world: Any, holder: Holder):
    key = Authenticator()
    assert len(await holder.add(key.create(await holder.options(), ORIGIN))) == 10
    step = await holder.step()
    options = await holder.desk.sign_in.options(step, SITE)
    assert json.loads(options)["allowCredentials"][0]["id"] == text(key.credential_id)
    made = await holder.show(step, key.get(options, ORIGIN))
    assert (await holder.desk.sessions.find(made.token)).user == world.user
    used = (await holder.desk.factors.of(world.user.actor, world.user.id)).passkeys[0]
    assert (used.name, used.last_used_at) == ("Laptop", world.clock.now())


@pytest.mark.parametrize(
    ("origin", "wrong"),
    [
        ("https://evil.example", {}),
        ("https://help.example.com.evil.example", {}),
        ("http://help.example.com", {}),
        ("https://help.example.com:8443", {}),
        (ORIGIN, {"host": "evil.example"}),
        (ORIGIN, {"host": "example.com"}),
        (ORIGIN, {"flags": PRESENT}),
        (ORIGIN, {"flags": 0x04}),
        (ORIGIN, {"challenge": text(b"x" * 32)}),
        (ORIGIN, {"kind": "webauthn.create"}),
        (ORIGIN, {"key": ec.generate_private_key(ec.SECP256R1())}),
        (ORIGIN, {"steps": 0}),
    ],
)
async def test_what_does_not_fit_logs_nobody_in(
    holder: Holder, key: Authenticator, origin: str, wrong: dict[str, Any]
):
    step = await holder.step()
    await holder.show(step, key.get(await holder.desk.sign_in.options(step, SITE), ORIGIN))
    step = await holder.step()
    options = await holder.desk.sign_in.options(step, SITE)
    with pytest.raises(Invalid, match="could not be verified"):
        await holder.show(step, key.get(options, origin, **wrong))


@pytest.mark.parametrize(
    ("origin", "wrong"),
    [
        ("https://evil.example", {}),
        (ORIGIN, {"host": "evil.example"}),
        (ORIGIN, {"flags": PRESENT}),
        (ORIGIN, {"challenge": text(b"x" * 32)}),
        (ORIGIN, {"kind": "webauthn.get"}),
        (ORIGIN, {"fmt": "tpm"}),
        (ORIGIN, {"fmt": "android-safetynet"}),
    ],
)
async def test_what_does_not_fit_is_not_added(holder: Holder, origin: str, wrong: dict[str, Any]):
    with pytest.raises(Invalid, match="could not be verified"):
        await holder.add(Authenticator().create(await holder.options(), origin, **wrong))
    assert not (await holder.desk.factors.of(holder.user.actor, holder.user.id)).any


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"id": 1}',
        '{"id": "é"}',
        "[" * 11_000,
        "x" * 20_000,
        '{"id": "AA"}',
    ],
)
async def test_nonsense_is_refused_in_a_sentence(
    holder: Holder, key: Authenticator, credential: str
):
    await holder.options()
    with pytest.raises(Invalid, match="could not be verified"):
        await holder.add(credential)
    step = await holder.step()
    await holder.desk.sign_in.options(step, SITE)
    with pytest.raises(Invalid, match="could not be verified"):
        await holder.show(step, credential)


async def test_a_challenge_is_good_once_for_its_holder_and_for_two_minutes(
    world: Any, holder: Holder, key: Authenticator
):
    step, other = await holder.step(), await holder.step()
    options = await holder.desk.sign_in.options(step, SITE)
    answer = key.get(options, ORIGIN)
    with pytest.raises(Invalid):
        await holder.show(other, answer)
    await holder.show(step, answer)
    with pytest.raises(LoginStepEnded):
        await holder.show(step, answer)
    options = await holder.desk.sign_in.options(other, SITE)
    world.clock.turn(seconds=passkeys.CHALLENGE_GOOD_FOR.seconds)
    with pytest.raises(Invalid):
        await holder.show(other, key.get(options, ORIGIN))


async def test_of_many_at_once_with_one_answer_one_wins(holder: Holder, key: Authenticator):
    step = await holder.step()
    answer = key.get(await holder.desk.sign_in.options(step, SITE), ORIGIN)
    won: list[Any] = []

    async def attempt() -> None:
        try:
            won.append(await holder.show(step, answer))
        except HelpDeskError:
            return

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(attempt)
    assert len(won) == 1


async def test_a_passkey_is_its_owner_s_alone(world: Any, holder: Holder, key: Authenticator):
    session = (await holder.desk.sessions.start(world.staff.id)).token
    other = Holder(holder.desk, world.staff, session)
    with pytest.raises(Conflict):
        await other.add(key.create(await other.options(), ORIGIN))
    mine = (await holder.desk.factors.of(world.user.actor, world.user.id)).passkeys[0]
    with pytest.raises(NotFound):
        await holder.desk.passkeys.remove(world.staff.id, session, mine.id)
    own = Authenticator(b"s" * 32)
    await other.add(own.create(await other.options(), ORIGIN))
    step = await holder.step()
    options = await holder.desk.sign_in.options(step, SITE)
    with pytest.raises(Invalid):
        await holder.show(step, own.get(options, ORIGIN))


async def test_removing_the_last_one_ends_the_second_step(
    world: Any, holder: Holder, key: Authenticator
):
    mine = (await holder.desk.factors.of(world.user.actor, world.user.id)).passkeys[0]
    world.clock.turn(minutes=15)
    with pytest.raises(NotAllowed):
        await holder.desk.passkeys.remove(world.user.id, holder.session, mine.id)
    await holder.desk.sessions.prove_again(holder.session)
    await holder.desk.passkeys.remove(world.user.id, holder.session, mine.id)
    left = await holder.desk.factors.of(world.user.actor, world.user.id)
    assert (left.any, left.recovery_codes) == (False, 0)
    assert (await holder.desk.sign_in.log_in("user@example.com", PASSWORD)).session


async def test_a_person_has_so_many_and_no_more(
    holder: Holder, key: Authenticator, monkeypatch: pytest.MonkeyPatch
):
    options = await holder.options()
    monkeypatch.setattr(passkeys, "MOST", 1)
    with pytest.raises(LimitReached):
        await holder.options()
    with pytest.raises(LimitReached):
        await holder.add(Authenticator(b"d" * 32).create(options, ORIGIN))


@pytest.mark.parametrize(
    ("url", "origin", "host", "usable"),
    [
        ("https://Help.Example.com", "https://help.example.com", "help.example.com", True),
        ("https://help.example.com:443", "https://help.example.com", "help.example.com", True),
        (
            "https://help.example.com:8443",
            "https://help.example.com:8443",
            "help.example.com",
            True,
        ),
        ("http://localhost:8000", "http://localhost:8000", "localhost", True),
        ("http://help.example.com", "http://help.example.com", "help.example.com", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1", False),
        ("https://[::1]:8000", "https://[::1]:8000", "::1", False),
        ("https://bücher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example", True),
    ],
)
def test_a_site_is_what_browsers_make_of_its_url(url: str, origin: str, host: str, usable: bool):
    site = Site.at(url)
    assert (site.origin, site.host, site.takes_passkeys) == (origin, host, usable)


def test_pages_that_need_no_passkey_do_not_load_the_library():
    assert "webauthn" not in vars(ceremony)
