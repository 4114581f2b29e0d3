"""The audit log: who changed what, when, from where; and that nothing of it goes away."""

import sqlite3

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.audit import ITSELF, AuditFilter, acting_from, set_origin
from helpdesk.errors import Conflict, Invalid, LoginFailed, NotAllowed

SETTINGS = AuditFilter(action="settings.changed")


async def test_a_changed_setting_is_on_record_with_what_it_was_and_is(world):
    with acting_from("192.0.2.7"):
        await world.helpdesk.settings.update(world.admin.actor, reopen_window_days=9)
    (entry,) = (await world.helpdesk.audit.list(world.admin.actor, SETTINGS)).rows
    assert entry.action == "settings.changed"
    assert entry.subject == "settings"
    assert entry.changes == {"reopen_window_days": {"from": 7, "to": 9}}
    assert entry.origin == "192.0.2.7"
    assert entry.actor_id == world.admin.id
    assert entry.actor_name == f"{world.admin.name} <{world.admin.email}>"
    assert entry.at == world.clock.now()


async def test_saving_what_is_already_so_leaves_no_entry(world):
    await world.helpdesk.settings.update(SYSTEM, reopen_window_days=7)
    assert (await world.helpdesk.audit.list(SYSTEM, SETTINGS)).total == 0


async def test_a_change_that_is_refused_leaves_no_entry(world):
    with pytest.raises(NotAllowed):
        await world.helpdesk.settings.update(world.staff.actor, reopen_window_days=9)
    with pytest.raises(Invalid):
        await world.helpdesk.settings.update(world.admin.actor, reopen_window_days=99_999)
    assert (await world.helpdesk.audit.list(SYSTEM, SETTINGS)).total == 0


async def test_the_origin_is_that_of_the_block_alone(world):
    settings, audit = world.helpdesk.settings, world.helpdesk.audit
    with acting_from("command line (jo)"):
        await settings.update(SYSTEM, session_days=2)
    await settings.update(SYSTEM, session_days=3)
    set_origin("198.51.100.1\x1b[31m")
    await settings.update(SYSTEM, session_days=4)
    found = [entry.origin for entry in (await audit.list(SYSTEM, SETTINGS)).rows]
    assert found == ["198.51.100.1[31m", ITSELF, "command line (jo)"]


async def test_an_entry_goes_with_the_transaction_that_it_tells_of(world):
    record = world.helpdesk.audit.stamp("system", "plugin.enabled", "com.example.a")

    def job(connection: sqlite3.Connection) -> None:
        record(connection, {"enabled": True})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await world.helpdesk.database.write(job)
    wanted = AuditFilter(action="plugin.enabled")
    assert (await world.helpdesk.audit.list(SYSTEM, wanted)).total == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor_id = 'nobody'",
        "DELETE FROM audit_log",
        "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log",
    ],
)
async def test_the_log_only_grows(world, statement):
    await world.helpdesk.settings.update(SYSTEM, session_days=2)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await world.helpdesk.database.write(lambda c: c.execute(statement).rowcount)
    (entry,) = (await world.helpdesk.audit.list(SYSTEM, SETTINGS)).rows
    assert entry.actor_id == "system"


async def test_entries_are_found_by_action_subject_and_actor(world):
    audit = world.helpdesk.audit
    await world.helpdesk.settings.update(world.admin.actor, session_days=2)
    for plugin in ("com.example.a", "com.example.b"):
        record = audit.stamp("command line (jo)", "plugin.enabled", plugin)
        await world.helpdesk.database.write(lambda c, record=record: record(c, {}))

    async def subjects(**wanted: str) -> list[str]:
        found = await audit.list(SYSTEM, AuditFilter(**wanted))
        assert found.total == len(found.rows)
        return [entry.subject for entry in found.rows]

    assert await subjects(action="plugin.enabled") == ["com.example.b", "com.example.a"]
    assert await subjects(subject="com.example.a") == ["com.example.a"]
    assert await subjects(actor=world.admin.email.upper()) == ["settings"]
    assert await subjects(actor=world.admin.id) == ["settings"]
    assert await subjects(actor="nobody") == []


async def test_the_log_has_pages_and_is_for_admins(world):
    for days in range(2, 7):
        await world.helpdesk.settings.update(SYSTEM, session_days=days)
    page = await world.helpdesk.audit.list(world.admin.actor, SETTINGS, page=2, per_page=2)
    assert (page.total, page.total_pages) == (5, 3)
    assert [entry.changes["session_days"]["to"] for entry in page.rows] == [4, 3]
    for person in (world.staff, world.user):
        with pytest.raises(NotAllowed):
            await world.helpdesk.audit.list(person.actor)


async def test_long_values_are_cut(world):
    record = world.helpdesk.audit.stamp("system", "plugin.configured", "com.example.a")
    changes = {"text": {"to": "x" * 10_000}, "members": ["m"] * 10_000}
    await world.helpdesk.database.write(lambda c: record(c, changes))
    entry = (await world.helpdesk.audit.list(SYSTEM)).rows[0]
    assert len(entry.changes["text"]["to"]) == 501
    assert entry.changes["members"] == ["m"] * 200 + ["… and 9,800 more"]


async def test_whoever_asked_is_told_of_changed_settings(world):
    told = []
    world.helpdesk.settings.observe(told.append)
    await world.helpdesk.settings.update(SYSTEM, plugin_error_window_minutes=3)
    with pytest.raises(Invalid):
        await world.helpdesk.settings.update(SYSTEM, plugin_error_window_minutes=0)
    assert [values.plugin_error_window_minutes for values in told] == [3]


async def newest(world) -> tuple[str, str, dict]:
    entry = (await world.helpdesk.audit.list(SYSTEM)).rows[0]
    assert (entry.actor_id, entry.origin) == (world.admin.id, "192.0.2.7")
    return entry.action, entry.subject, dict(entry.changes)


async def test_every_change_of_an_account_is_on_record_and_no_password_is(world):
    desk, admin = world.helpdesk, world.admin.actor
    set_origin("192.0.2.7")
    password = "a password to keep"
    made = await desk.users.create(
        admin, email="new@example.com", name="New", role="staff", password=password
    )
    facts = {"name": "New", "email": "new@example.com", "role": "staff", "disabled": False}
    assert await newest(world) == ("user.created", "new@example.com", facts)
    await desk.users.update(admin, world.staff.id, role="user", name="Sam")
    assert await newest(world) == (
        "user.changed",
        "staff@example.com",
        {
            "name": {"from": "Staff", "to": "Sam"},
            "role": {"from": "staff", "to": "user"},
            "groups": {"from": ["Hardware Team"], "to": []},
        },
    )
    await desk.users.set_password(admin, made.id, password)
    assert await newest(world) == ("user.password_set", "new@example.com", {})
    await desk.sessions.start(made.id)
    await desk.sessions.revoke_all(admin, made.id)
    assert await newest(world) == ("user.sessions_ended", "new@example.com", {"sessions": 1})
    await desk.users.update(admin, made.id, disabled=True)
    disabled = {"disabled": {"from": False, "to": True}}
    assert await newest(world) == ("user.changed", "new@example.com", disabled)
    count = (await desk.audit.list(SYSTEM)).total
    await desk.users.update(admin, made.id, disabled=True)
    with pytest.raises(Conflict):
        await desk.users.update(admin, world.admin.id, role="user")
    assert (await desk.audit.list(SYSTEM)).total == count
    dump = await desk.database.read(lambda c: c.execute("SELECT * FROM audit_log").fetchall())
    assert password not in repr(dump)


async def test_a_password_that_somebody_changes_themself_is_on_record(world):
    users = world.helpdesk.users
    await users.set_password(SYSTEM, world.user.id, "the first of them")
    with pytest.raises(LoginFailed):
        await users.change_password(world.user.actor, current="wrong", new="the second of them")
    await users.change_password(
        world.user.actor, current="the first of them", new="the second of them"
    )
    found = (await world.helpdesk.audit.list(SYSTEM)).rows[:2]
    assert [entry.action for entry in found] == ["user.password_changed", "user.password_set"]
    assert found[0].actor_id == world.user.id


async def test_the_first_admin_is_on_record(helpdesk):
    made = await helpdesk.first_run.create_admin(
        email="first@example.com", name="First", password="long enough"
    )
    (entry,) = (await helpdesk.audit.list(SYSTEM)).rows
    assert (entry.action, entry.subject) == ("user.created", "first@example.com")
    assert entry.actor_id == made.id


async def test_every_change_of_a_group_is_on_record_by_names(world):
    desk, admin = world.helpdesk, world.admin.actor
    set_origin("192.0.2.7")
    group = await desk.groups.create(admin, name="Net", category_ids=[world.software])
    facts = {"name": "Net", "members": [], "categories": ["Software"]}
    assert await newest(world) == ("group.created", "Net", facts)
    await desk.groups.update(admin, group.id, member_ids=[world.staff.id])
    members = {"members": {"from": [], "to": ["staff@example.com"]}}
    assert await newest(world) == ("group.changed", "Net", members)
    await desk.groups.delete(admin, group.id)
    gone = {"name": "Net", "members": ["staff@example.com"], "categories": ["Software"]}
    assert await newest(world) == ("group.deleted", "Net", gone)


async def test_every_change_of_the_catalogue_and_the_statuses_is_on_record(world):
    desk, admin = world.helpdesk, world.admin.actor
    set_origin("192.0.2.7")
    kind = await desk.catalogue.add(admin, world.software, "Mail")
    added = ("catalogue.added", "Software / Mail", {"kind": "type"})
    assert await newest(world) == added
    item = await desk.catalogue.add_item(admin, kind.id, "Inbox")
    assert (await newest(world))[1] == "Software / Mail / Inbox"
    await desk.catalogue.rename(admin, kind.id, "Post")
    renamed = {"name": {"from": "Software / Mail", "to": "Software / Post"}}
    assert await newest(world) == ("catalogue.renamed", "Software / Mail", renamed)
    await desk.catalogue.delete(admin, item.id)
    gone = ("catalogue.deleted", "Software / Post / Inbox", {"kind": "item"})
    assert await newest(world) == gone
    await desk.statuses.add(admin, "Waiting")
    assert await newest(world) == ("status.added", "Waiting", {})
    await desk.statuses.rename(admin, "waiting", "On hold")
    renamed = {"name": {"from": "Waiting", "to": "On hold"}}
    assert await newest(world) == ("status.renamed", "Waiting", renamed)
    await desk.statuses.remove(admin, "On hold")
    assert await newest(world) == ("status.removed", "On hold", {})


async def test_every_change_of_an_api_key_is_on_record_without_its_secret(world):
    desk, admin = world.helpdesk, world.admin.actor
    set_origin("192.0.2.7")
    new = await desk.api_keys.create(admin, world.user.id, name="nightly")
    facts = {"key": "nightly", "begins_with": new.key.hint, "scope": "all"}
    assert await newest(world) == ("api_key.created", "user@example.com", facts)
    await desk.api_keys.revoke(admin, new.key.id)
    assert await newest(world) == ("api_key.revoked", "user@example.com", facts)
    count = (await desk.audit.list(SYSTEM)).total
    await desk.api_keys.revoke(admin, new.key.id)
    assert (await desk.audit.list(SYSTEM)).total == count
    assert len(new.key.hint) < len(new.secret) / 2
