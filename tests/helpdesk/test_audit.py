"""The audit log: who changed what, when, from where; and that nothing of it goes away."""

import sqlite3

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.audit import ITSELF, AuditFilter, acting_from, set_origin
from helpdesk.errors import Invalid, NotAllowed


async def test_a_changed_setting_is_on_record_with_what_it_was_and_is(world):
    with acting_from("192.0.2.7"):
        await world.helpdesk.settings.update(world.admin.actor, reopen_window_days=9)
    page = await world.helpdesk.audit.list(world.admin.actor)
    (entry,) = page.rows
    assert entry.action == "settings.changed"
    assert entry.subject == "settings"
    assert entry.changes == {"reopen_window_days": {"from": 7, "to": 9}}
    assert entry.origin == "192.0.2.7"
    assert entry.actor_id == world.admin.id
    assert entry.actor_name == f"{world.admin.name} <{world.admin.email}>"
    assert entry.at == world.clock.now()


async def test_saving_what_is_already_so_leaves_no_entry(world):
    await world.helpdesk.settings.update(SYSTEM, reopen_window_days=7)
    assert (await world.helpdesk.audit.list(SYSTEM)).total == 0


async def test_a_change_that_is_refused_leaves_no_entry(world):
    with pytest.raises(NotAllowed):
        await world.helpdesk.settings.update(world.staff.actor, reopen_window_days=9)
    with pytest.raises(Invalid):
        await world.helpdesk.settings.update(world.admin.actor, reopen_window_days=99_999)
    assert (await world.helpdesk.audit.list(SYSTEM)).total == 0


async def test_the_origin_is_that_of_the_block_alone(world):
    settings, audit = world.helpdesk.settings, world.helpdesk.audit
    with acting_from("command line (jo)"):
        await settings.update(SYSTEM, session_days=2)
    await settings.update(SYSTEM, session_days=3)
    set_origin("198.51.100.1\x1b[31m")
    await settings.update(SYSTEM, session_days=4)
    found = [entry.origin for entry in (await audit.list(SYSTEM)).rows]
    assert found == ["198.51.100.1[31m", ITSELF, "command line (jo)"]


async def test_an_entry_goes_with_the_transaction_that_it_tells_of(world):
    record = world.helpdesk.audit.stamp("system", "plugin.enabled", "com.example.a")

    def job(connection: sqlite3.Connection) -> None:
        record(connection, {"enabled": True})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await world.helpdesk.database.write(job)
    assert (await world.helpdesk.audit.list(SYSTEM)).total == 0


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
    (entry,) = (await world.helpdesk.audit.list(SYSTEM)).rows
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
    page = await world.helpdesk.audit.list(world.admin.actor, page=2, per_page=2)
    assert (page.total, page.total_pages) == (5, 3)
    assert [entry.changes["session_days"]["to"] for entry in page.rows] == [4, 3]
    for person in (world.staff, world.user):
        with pytest.raises(NotAllowed):
            await world.helpdesk.audit.list(person.actor)


async def test_long_values_are_cut(world):
    record = world.helpdesk.audit.stamp("system", "plugin.configured", "com.example.a")
    await world.helpdesk.database.write(lambda c: record(c, {"text": {"to": "x" * 10_000}}))
    (entry,) = (await world.helpdesk.audit.list(SYSTEM)).rows
    assert len(entry.changes["text"]["to"]) == 501


async def test_whoever_asked_is_told_of_changed_settings(world):
    told = []
    world.helpdesk.settings.observe(told.append)
    await world.helpdesk.settings.update(SYSTEM, plugin_error_window_minutes=3)
    with pytest.raises(Invalid):
        await world.helpdesk.settings.update(SYSTEM, plugin_error_window_minutes=0)
    assert [values.plugin_error_window_minutes for values in told] == [3]
