"""Logging in with a second factor: what is enough, what is not, and what works once."""

import contextlib
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
import trio

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, Invalid, LoginStepEnded, NotAllowed, SecondFactorRefused
from helpdesk.factors import sign_in
from helpdesk.factors.sign_in import LoginStep
from helpdesk.sessions import NewSession
from supervisor.secrets.box import SecretBox
from tests.helpdesk.factors.phone import PASSWORD, Phone


async def test_a_password_alone_is_no_session_once_there_is_a_factor(desk: Any, phone: Phone):
    waits = await desk.sign_in.log_in("user@example.com", PASSWORD)
    assert isinstance(waits, LoginStep)
    assert await desk.sessions.find(waits.token) is None
    made = await desk.sign_in.with_code(waits.token, phone.code())
    assert (await desk.sessions.find(made.token)).user == waits.user
    with pytest.raises(LoginStepEnded):
        await desk.sign_in.with_code(waits.token, phone.recovery[0])


async def test_a_code_works_once_also_for_another_login(desk: Any, phone: Phone):
    code = phone.code()
    first, second = await phone.step(), await phone.step()
    await desk.sign_in.with_code(first, code)
    with pytest.raises(SecondFactorRefused):
        await desk.sign_in.with_code(second, code)
    # Neither does the one before it, which was never used.
    with pytest.raises(SecondFactorRefused):
        await desk.sign_in.with_code(second, phone.code(late_s=30))


async def test_the_code_that_set_the_app_up_is_used_up(world: Any, desk: Any):
    session = (await desk.sessions.start(world.user.id)).token
    secret = (await desk.apps.begin(session, "Desk")).text
    shown = Phone(world, secret, session, ())
    code = shown.code()
    await desk.apps.confirm(world.user.id, session, code)
    with pytest.raises(SecondFactorRefused):
        await desk.sign_in.with_code(await shown.step(), code)


@pytest.mark.parametrize("by", ["code", "recovery"])
async def test_of_many_at_once_with_the_same_code_one_wins(desk: Any, phone: Phone, by: str):
    code = phone.code() if by == "code" else phone.recovery[3]
    steps = [await phone.step() for _ in range(8)]
    won: list[NewSession] = []
    lost: list[Exception] = []

    async def attempt(step: str) -> None:
        try:
            won.append(await desk.sign_in.with_code(step, code))
        except SecondFactorRefused as error:
            lost.append(error)

    async with trio.open_nursery() as nursery:
        for step in steps:
            nursery.start_soon(attempt, step)
    assert (len(won), len(lost)) == (1, 7)


async def test_a_step_is_good_for_one_session_however_many_ask_at_once(desk: Any, phone: Phone):
    step, won = await phone.step(), []

    async def attempt(code: str) -> None:
        with contextlib.suppress(LoginStepEnded):
            won.append(await desk.sign_in.with_code(step, code))

    async with trio.open_nursery() as nursery:
        for code in (phone.code(), *phone.recovery[:5]):
            nursery.start_soon(attempt, code)
    assert len(won) == 1


async def test_a_recovery_code_works_once_in_any_spelling(world: Any, desk: Any, phone: Phone):
    code = phone.recovery[0]
    await desk.sign_in.with_code(await phone.step(), f" {code.lower().replace('-', ' ')}")
    assert (await desk.factors.of(world.user.actor, world.user.id)).recovery_codes == 9
    with pytest.raises(SecondFactorRefused):
        await desk.sign_in.with_code(await phone.step(), code)


async def test_new_recovery_codes_replace_the_old_ones(world: Any, desk: Any, phone: Phone):
    fresh = await desk.recovery_codes.renew(world.user.id, phone.session)
    assert not set(fresh) & set(phone.recovery)
    with pytest.raises(SecondFactorRefused):
        await desk.sign_in.with_code(await phone.step(), phone.recovery[0])
    assert await desk.sign_in.with_code(await phone.step(), fresh[0])


async def test_after_five_wrong_codes_the_password_is_asked_for_again(desk: Any, phone: Phone):
    step = await phone.step()
    for _ in range(sign_in.MOST_FAILURES):
        with pytest.raises(SecondFactorRefused):
            await desk.sign_in.with_code(step, "nonsense")
    with pytest.raises(LoginStepEnded):
        await desk.sign_in.with_code(step, phone.code())
    assert await desk.sign_in.waiting(step) is None


async def test_a_step_ends_in_time_and_is_forgotten(world: Any, desk: Any, phone: Phone):
    step = await phone.step()
    world.clock.turn(seconds=sign_in.GOOD_FOR / timedelta(seconds=1) - 1)
    assert await desk.sign_in.waiting(step) is not None
    world.clock.turn(seconds=1)
    with pytest.raises(LoginStepEnded):
        await desk.sign_in.with_code(step, phone.code())
    assert await desk.database.write(desk.factors.purge()) == 1


@pytest.mark.parametrize("change", ["password", "disabled", "link", "removed"])
async def test_a_step_ends_with_what_it_was_begun_with(
    world: Any, desk: Any, phone: Phone, change: str
):
    step = await phone.step()
    if change == "password":
        await desk.users.set_password(SYSTEM, world.user.id, "another horse")
    elif change == "disabled":
        await desk.users.update(SYSTEM, world.user.id, disabled=True)
    elif change == "link":
        link = await desk.invitations.create(SYSTEM, world.user.id)
        await desk.invitations.redeem(link.token, "another horse")
    else:
        await desk.apps.remove(world.user.id, phone.session)
    with pytest.raises(LoginStepEnded):
        await desk.sign_in.with_code(step, phone.code())


async def test_a_link_that_sets_a_password_does_not_get_past_the_factor(
    world: Any, desk: Any, phone: Phone
):
    link = await desk.invitations.create(SYSTEM, world.user.id)
    user = await desk.invitations.redeem(link.token, "another horse")
    assert isinstance(await desk.sign_in.begin(user.id), LoginStep)
    assert (await desk.factors.of(SYSTEM, world.user.id)).any


async def test_the_database_holds_neither_secret_nor_codes(desk: Any, phone: Phone):
    def dump(connection: sqlite3.Connection) -> str:
        tables = ("authenticator_apps", "recovery_codes", "login_steps", "audit_log")
        return repr([connection.execute(f"SELECT * FROM {t}").fetchall() for t in tables])

    step = await phone.step()
    held = await desk.database.read(dump)
    for secret in (phone.secret, step, *phone.recovery, phone.recovery[0].replace("-", "")):
        assert secret not in held


async def test_setting_up_takes_fresh_proof_and_a_right_code(world: Any, desk: Any):
    session = (await desk.sessions.start(world.user.id)).token
    with pytest.raises(Conflict, match="no authenticator app is being set up"):
        await desk.apps.confirm(world.user.id, session, "000000")
    secret = (await desk.apps.begin(session, "Desk")).text
    assert (await desk.apps.pending(session, "Desk")).text == secret
    with pytest.raises(Invalid):
        await desk.apps.confirm(world.user.id, session, "nonsense")
    # Until a code was right, it counts for nothing.
    assert isinstance(await desk.sign_in.log_in("user@example.com", PASSWORD), NewSession)
    world.clock.turn(minutes=15)
    shown = Phone(world, secret, session, ())
    for refused in (
        desk.apps.begin(session, "Desk"),
        desk.apps.pending(session, "Desk"),
        desk.apps.confirm(world.user.id, session, shown.code()),
        desk.recovery_codes.renew(world.user.id, session),
        desk.apps.begin("no session", "Desk"),
    ):
        with pytest.raises(NotAllowed, match="confirm your password first"):
            await refused
    await desk.sessions.prove_again(session)
    assert len(await desk.apps.confirm(world.user.id, session, shown.code())) == 10


async def test_a_new_factor_ends_the_other_sessions(world: Any, desk: Any):
    here, other = [(await desk.sessions.start(world.user.id)).token for _ in range(2)]
    shown = Phone(world, (await desk.apps.begin(here, "Desk")).text, here, ())
    await desk.apps.confirm(world.user.id, here, shown.code())
    assert await desk.sessions.find(other) is None
    assert await desk.sessions.find(here) is not None


async def test_an_admin_resets_what_somebody_has_lost(world: Any, desk: Any, phone: Phone):
    with pytest.raises(NotAllowed):
        await desk.factors.reset(world.staff.actor, world.user.id)
    await desk.factors.reset(world.admin.actor, world.user.id)
    assert await desk.sessions.find(phone.session) is None
    assert isinstance(await desk.sign_in.log_in("user@example.com", PASSWORD), NewSession)
    entry = (await desk.audit.list(world.admin.actor)).rows[0]
    assert (entry.action, entry.subject) == ("user.second_factor_reset", "user@example.com")


async def test_a_role_that_requires_a_factor_leaves_a_session_nothing_else(world: Any, desk: Any):
    session = (await desk.sessions.start(world.user.id)).token
    await desk.settings.update(SYSTEM, second_factor_roles="user, admin")
    assert (await desk.settings.all()).second_factor_roles == "admin,user"
    assert (await desk.sessions.find(session)).lacks_factor
    assert (await desk.sign_in.log_in("user@example.com", PASSWORD)).session.lacks_factor
    shown = Phone(world, (await desk.apps.begin(session, "Desk")).text, session, ())
    await desk.apps.confirm(world.user.id, session, shown.code())
    assert not (await desk.sessions.find(session)).lacks_factor
    with pytest.raises(Conflict, match="your role requires"):
        await desk.apps.remove(world.user.id, session)
    assert (await desk.factors.of(SYSTEM, world.user.id)).any
    other = (await desk.sessions.start(world.staff.id)).token
    assert not (await desk.sessions.find(other)).lacks_factor


async def test_an_unknown_role_cannot_require_one(desk: Any):
    with pytest.raises(Invalid, match="second_factor_roles"):
        await desk.settings.update(SYSTEM, second_factor_roles="staff,boss")


async def test_a_key_that_is_another_leaves_recovery_codes(desk: Any, phone: Phone):
    desk.apps.sealer = SecretBox(b"x" * 32)
    with pytest.raises(SecondFactorRefused):
        await desk.sign_in.with_code(await phone.step(), phone.code())
    assert await desk.sign_in.with_code(await phone.step(), phone.recovery[0])


async def test_a_new_key_seals_the_secrets_again(desk: Any, phone: Phone):
    desk.apps.sealer = SecretBox(b"x" * 32, [b"k" * 32])
    assert await desk.apps.reseal() == (1, ())
    desk.apps.sealer = SecretBox(b"x" * 32)
    assert await desk.sign_in.with_code(await phone.step(), phone.code())
