import pytest
from argon2 import PasswordHasher

from helpdesk.actors import SYSTEM, Role
from helpdesk.errors import Conflict, Invalid, LoginFailed, NotAllowed, NotFound
from helpdesk.passwords import Passwords


async def test_only_admins_create_accounts(world):
    create = world.helpdesk.users.create
    for actor in (world.staff.actor, world.user.actor, world.plugin):
        with pytest.raises(NotAllowed, match="only admins can"):
            await create(actor, email="new@example.com", name="New")
    made = await create(world.admin.actor, email="New@Example.com", name="New", role="staff")
    assert (made.email, made.role, made.disabled) == ("new@example.com", Role.STAFF, False)
    assert await world.helpdesk.users.get(world.admin.actor, made.id) == made


async def test_an_address_belongs_to_one_account_in_any_case(world):
    users = world.helpdesk.users
    with pytest.raises(Conflict, match=r"user@example\.com already belongs to another account"):
        await users.create(SYSTEM, email="USER@example.com", name="Second")
    with pytest.raises(Conflict):
        await users.update(SYSTEM, world.staff.id, email="User@Example.com")
    await users.update(SYSTEM, world.user.id, email="USER@example.com")


async def test_a_wrong_role_is_refused(world):
    with pytest.raises(Invalid, match="role: expected admin, staff or user, found 'root'"):
        await world.helpdesk.users.create(SYSTEM, email="a@b.com", name="A", role="root")


async def test_a_person_may_rename_themself_and_nothing_more(world):
    users = world.helpdesk.users
    assert (await users.update(world.user.actor, world.user.id, name="Uma")).name == "Uma"
    for change in ({"role": "admin"}, {"email": "x@example.com"}, {"disabled": True}):
        with pytest.raises(NotAllowed):
            await users.update(world.user.actor, world.user.id, **change)
    with pytest.raises(NotAllowed):
        await users.update(world.user.actor, world.staff.id, name="Mine")


async def test_there_is_always_an_admin(world):
    users = world.helpdesk.users
    for change in ({"role": "staff"}, {"disabled": True}):
        with pytest.raises(Conflict, match=r"this is the last admin; make another person an admin"):
            await users.update(world.admin.actor, world.admin.id, **change)
    await users.update(SYSTEM, world.staff.id, role="admin")
    assert (await users.update(world.admin.actor, world.admin.id, role="user")).role is Role.USER


async def test_people_are_looked_up_by_staff_only(world):
    users = world.helpdesk.users
    assert (await users.find_by_email(world.staff.actor, " User@example.com ")) == world.user
    assert await users.find_by_email(world.staff.actor, "nobody@example.com") is None
    assert await users.get(world.user.actor, world.user.id) == world.user
    with pytest.raises(NotAllowed):
        await users.find_by_email(world.user.actor, "staff@example.com")
    with pytest.raises(NotFound):
        await users.get(world.user.actor, world.staff.id)
    for listing in (users.list, users.assignable):
        with pytest.raises(NotAllowed):
            await listing(world.user.actor)


async def test_the_list_is_by_name_and_searched_in_name_and_address(world):
    users = world.helpdesk.users
    everybody = await users.list(world.staff.actor)
    assert [user.name for user in everybody.rows] == [
        "Admin",
        "Outsider",
        "Staff",
        "Stranger",
        "User",
    ]
    found = await users.list(world.staff.actor, text="ST", per_page=1)
    assert ([user.name for user in found.rows], found.total) == (["Staff"], 2)


async def test_assignable_are_staff_and_admins_who_are_not_disabled(world):
    await world.helpdesk.users.update(SYSTEM, world.outsider.id, disabled=True)
    found = await world.helpdesk.users.assignable(world.staff.actor)
    assert [user.name for user in found] == ["Admin", "Staff"]


async def test_a_password_lets_in_and_a_wrong_one_does_not(world):
    users = world.helpdesk.users
    await users.create(SYSTEM, email="p@example.com", name="P", password="correct horse")
    assert (await users.verify(" P@Example.com", "correct horse")).name == "P"
    for email, password in [
        ("p@example.com", "wrong horse"),
        ("p@example.com", ""),
        ("p@example.com", "x" * 100_000),
        ("nobody@example.com", "correct horse"),
        ("user@example.com", ""),  # an account without a password
    ]:
        with pytest.raises(LoginFailed) as caught:
            await users.verify(email, password)
        assert str(caught.value) == "incorrect email or password"


async def test_a_disabled_account_does_not_let_in(world):
    users = world.helpdesk.users
    made = await users.create(SYSTEM, email="p@example.com", name="P", password="correct horse")
    await users.update(SYSTEM, made.id, disabled=True)
    with pytest.raises(LoginFailed):
        await users.verify("p@example.com", "correct horse")


async def test_short_and_huge_passwords_are_refused_without_being_shown(world):
    for password in ("hunter2", "x" * 1_025):
        with pytest.raises(Invalid) as caught:
            await world.helpdesk.users.create(
                SYSTEM, email="p@example.com", name="P", password=password
            )
        assert password not in str(caught.value)


async def test_changing_a_password_needs_the_old_one_and_ends_every_session(world):
    users, sessions = world.helpdesk.users, world.helpdesk.sessions
    await users.set_password(world.admin.actor, world.user.id, "old password")
    open_session = await world.helpdesk.sign_in.log_in("user@example.com", "old password")
    with pytest.raises(LoginFailed):
        await users.change_password(world.user.actor, current="guess!!!", new="new password")
    assert await sessions.find(open_session.token) is not None
    await users.change_password(world.user.actor, current="old password", new="new password")
    assert await sessions.find(open_session.token) is None
    with pytest.raises(LoginFailed):
        await users.verify("user@example.com", "old password")
    assert await users.verify("user@example.com", "new password") == world.user


async def test_only_admins_set_another_s_password(world):
    with pytest.raises(NotAllowed):
        await world.helpdesk.users.set_password(world.staff.actor, world.user.id, "a password")


async def test_the_database_holds_argon2id_and_never_the_password(world):
    await world.helpdesk.users.set_password(SYSTEM, world.user.id, "correct horse")
    query = "SELECT password_hash FROM users WHERE id = ?"
    (stored,) = await world.helpdesk.database.read(
        lambda c: c.execute(query, (world.user.id,)).fetchone()
    )
    assert stored.startswith("$argon2id$")
    assert "correct horse" not in stored


async def test_the_default_cost_is_the_library_s():
    encoded = await Passwords().hash("correct horse")
    assert not PasswordHasher().check_needs_rehash(encoded)
    assert await Passwords().matches(encoded, "correct horse")


async def test_a_damaged_hash_matches_nothing(quick_passwords: Passwords):
    assert not await quick_passwords.matches("$argon2id$damaged", "correct horse")
    assert not await quick_passwords.matches(None, "a password that nobody has")


async def test_counting_tells_whether_the_first_set_up_is_due(helpdesk):
    assert await helpdesk.users.count() == 0
    await helpdesk.users.create(SYSTEM, email="a@example.com", name="A", role="admin")
    assert await helpdesk.users.count() == 1
