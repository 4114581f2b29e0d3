import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import LoginFailed, NotAllowed
from helpdesk.sessions import Browser


@pytest.fixture
async def session(world):
    await world.helpdesk.users.set_password(SYSTEM, world.user.id, "correct horse")
    return await world.helpdesk.sign_in.log_in("user@example.com", "correct horse")


async def test_a_login_is_found_by_its_token(world, session):
    found = await world.helpdesk.sessions.find(session.token)
    assert found == session.session
    assert (found.user, found.created_at) == (world.user, world.clock.now())


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "x" * 100_000])
async def test_an_unknown_token_finds_nothing(world, session, token: str):
    assert await world.helpdesk.sessions.find(token) is None


async def test_a_wrong_password_makes_no_session(world, session):
    with pytest.raises(LoginFailed):
        await world.helpdesk.sign_in.log_in("user@example.com", "wrong horse")
    assert await world.helpdesk.sessions.revoke_all(SYSTEM, world.user.id) == 1


async def test_a_session_ends_at_its_expiry(world, session):
    world.clock.turn(days=14, seconds=-1)
    assert await world.helpdesk.sessions.find(session.token) is not None
    world.clock.turn(seconds=1)
    assert await world.helpdesk.sessions.find(session.token) is None
    assert await world.helpdesk.sessions.purge_expired() == 1
    assert await world.helpdesk.sessions.purge_expired() == 0


async def test_logging_in_again_makes_a_new_token_and_ends_the_old_one(world, session):
    again = await world.helpdesk.sign_in.log_in(
        "user@example.com", "correct horse", Browser(replaces=session.token)
    )
    assert again.token != session.token
    assert again.session.csrf_token != session.session.csrf_token
    assert await world.helpdesk.sessions.find(session.token) is None
    assert await world.helpdesk.sessions.find(again.token) is not None


async def test_logging_out_ends_this_session_alone(world, session):
    other = await world.helpdesk.sessions.start(world.user.id)
    await world.helpdesk.sessions.log_out(session.token)
    await world.helpdesk.sessions.log_out("unknown")
    assert await world.helpdesk.sessions.find(session.token) is None
    assert await world.helpdesk.sessions.find(other.token) is not None


async def test_logging_out_everywhere_is_for_oneself_and_admins(world, session):
    sessions = world.helpdesk.sessions
    with pytest.raises(NotAllowed):
        await sessions.revoke_all(world.staff.actor, world.user.id)
    await sessions.start(world.user.id)
    assert await sessions.revoke_all(world.user.actor, world.user.id) == 2
    assert await sessions.find(session.token) is None


async def test_disabling_an_account_ends_its_sessions_for_good(world, session):
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=True)
    assert await world.helpdesk.sessions.find(session.token) is None
    with pytest.raises(LoginFailed):
        await world.helpdesk.sessions.start(world.user.id)
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=False)
    assert await world.helpdesk.sessions.find(session.token) is None


async def test_a_role_that_changes_shows_in_the_open_session(world, session):
    await world.helpdesk.users.update(SYSTEM, world.user.id, role="staff")
    assert (await world.helpdesk.sessions.find(session.token)).user.role == "staff"


async def test_the_database_holds_neither_token(world, session):
    await world.helpdesk.database.write(lambda c: None)
    files = world.helpdesk.database.path.parent.glob("helpdesk.db*")
    stored = b"".join(path.read_bytes() for path in files)
    assert b"user@example.com" in stored
    assert session.token.encode() not in stored
    assert session.session.csrf_token.encode() not in stored
