import pytest

from helpdesk import api_keys
from helpdesk.actors import SYSTEM
from helpdesk.clock import rfc3339
from helpdesk.errors import Invalid, LimitReached, NotAllowed, NotFound, StorageError


async def test_a_key_is_shown_once_and_acts_as_its_owner(world):
    made = await world.helpdesk.api_keys.create(world.user.actor, world.user.id, name="laptop")
    assert made.secret.startswith("ohd_sk_")
    assert len(made.secret) == len("ohd_sk_") + 43
    assert await world.helpdesk.api_keys.find_user(made.secret) == world.user
    (listed,) = await world.helpdesk.api_keys.list(world.user.actor, world.user.id)
    assert (listed.name, listed.hint) == ("laptop", made.secret[:11])
    assert made.secret not in repr(listed)


@pytest.mark.parametrize("secret", ["", "ohd_sk_", "ohd_sk_nope", "Bearer x", "ohd_sk_\ud800"])
async def test_an_unknown_key_finds_nobody(world, secret: str):
    assert await world.helpdesk.api_keys.find_user(secret) is None


async def test_the_last_use_is_shown_at_once_and_written_later(world):
    keys = world.helpdesk.api_keys
    made = await keys.create(world.user.actor, world.user.id, name="k")

    async def last_used():
        return (await keys.list(world.user.actor, world.user.id))[0].last_used_at

    assert await last_used() is None
    await keys.find_user(made.secret)
    assert await last_used() == world.clock.now()
    await keys.write_uses()
    stored = await world.helpdesk.database.read(
        lambda c: c.execute("SELECT last_used_at FROM api_keys").fetchone()[0]
    )
    assert stored == rfc3339(world.clock.now())


async def test_reading_by_key_waits_for_no_writer(world, monkeypatch):
    keys = world.helpdesk.api_keys
    made = await keys.create(world.user.actor, world.user.id, name="k")

    async def refuse(_job):
        raise StorageError("database or disk is full")

    monkeypatch.setattr(world.helpdesk.database, "write", refuse)
    assert (await keys.find_user(made.secret)).id == world.user.id
    with pytest.raises(StorageError):
        await keys.write_uses()
    monkeypatch.undo()
    await keys.write_uses()
    assert (await keys.list(world.user.actor, world.user.id))[0].last_used_at == world.clock.now()


async def test_a_revoked_key_stays_listed_and_finds_nobody(world):
    keys = world.helpdesk.api_keys
    made = await keys.create(world.user.actor, world.user.id, name="k")
    await keys.revoke(world.user.actor, made.key.id)
    revoked_at = world.clock.now()
    world.clock.turn(hours=1)
    await keys.revoke(world.admin.actor, made.key.id)
    assert await keys.find_user(made.secret) is None
    (listed,) = await keys.list(world.user.actor, world.user.id)
    assert listed.revoked_at == revoked_at


async def test_a_key_stops_with_its_owner_s_account(world):
    made = await world.helpdesk.api_keys.create(world.user.actor, world.user.id, name="k")
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=True)
    assert await world.helpdesk.api_keys.find_user(made.secret) is None


async def test_keys_are_for_oneself_and_admins(world):
    keys = world.helpdesk.api_keys
    made = await keys.create(SYSTEM, world.user.id, name="by the command line")
    with pytest.raises(NotAllowed):
        await keys.create(world.staff.actor, world.user.id, name="mine now")
    with pytest.raises(NotAllowed):
        await keys.list(world.staff.actor, world.user.id)
    with pytest.raises(NotFound):
        await keys.revoke(world.staff.actor, made.key.id)
    with pytest.raises(NotFound):
        await keys.create(world.admin.actor, "nobody", name="k")
    assert await keys.find_user(made.secret) == world.user


async def test_a_person_has_room_for_so_many_keys(world, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api_keys, "MAX_KEYS", 2)
    keys = world.helpdesk.api_keys
    first = await keys.create(world.user.actor, world.user.id, name="1")
    await keys.create(world.user.actor, world.user.id, name="2")
    with pytest.raises(LimitReached):
        await keys.create(world.user.actor, world.user.id, name="3")
    await keys.revoke(world.user.actor, first.key.id)
    await keys.create(world.user.actor, world.user.id, name="3")


async def test_the_database_does_not_hold_the_key(world):
    made = await world.helpdesk.api_keys.create(world.user.actor, world.user.id, name="k")
    files = world.helpdesk.database.path.parent.glob("helpdesk.db*")
    stored = b"".join(path.read_bytes() for path in files)
    assert made.key.hint.encode() in stored
    assert made.secret.encode() not in stored


async def test_a_key_expires(world):
    keys = world.helpdesk.api_keys
    made = await keys.create(world.user.actor, world.user.id, name="k", days=30)
    world.clock.turn(days=29, hours=23)
    assert await keys.find_user(made.secret) == world.user
    world.clock.turn(hours=1)
    assert await keys.find_user(made.secret) is None
    (listed,) = await keys.list(world.user.actor, world.user.id)
    assert listed.expires_at == world.clock.now()


async def test_an_expired_key_makes_room_for_another(world, monkeypatch):
    monkeypatch.setattr(api_keys, "MAX_KEYS", 1)
    keys = world.helpdesk.api_keys
    await keys.create(world.user.actor, world.user.id, name="k", days=1)
    with pytest.raises(LimitReached):
        await keys.create(world.user.actor, world.user.id, name="k")
    world.clock.turn(days=1)
    await keys.create(world.user.actor, world.user.id, name="k")


@pytest.mark.parametrize("more", [{"days": 0}, {"days": 3651}, {"days": -1}, {"scope": "write"}])
async def test_a_scope_or_an_expiry_that_cannot_be_is_refused(world, more):
    with pytest.raises(Invalid):
        await world.helpdesk.api_keys.create(world.user.actor, world.user.id, name="k", **more)


async def test_a_changed_password_ends_keys_sessions_and_known_browsers(world):
    desk = world.helpdesk
    for change in (
        lambda: desk.users.set_password(SYSTEM, world.user.id, "a long enough password"),
        lambda: desk.users.change_password(
            world.user.actor, current="a long enough password", new="another long password"
        ),
    ):
        made = await desk.api_keys.create(world.user.actor, world.user.id, name="k")
        theirs = await desk.api_keys.create(world.admin.actor, world.admin.id, name="k")
        new = await desk.sessions.start(world.user.id)
        assert await desk.sessions.device_is_known(world.user.email, new.device)
        await change()
        assert await desk.api_keys.find_user(made.secret) is None
        assert await desk.sessions.find(new.token) is None
        assert not await desk.sessions.device_is_known(world.user.email, new.device)
        assert await desk.api_keys.find_user(theirs.secret) is not None
        entry = (await desk.audit.list(world.admin.actor)).rows[0]
        assert entry.changes == {"api_keys_revoked": 1}
