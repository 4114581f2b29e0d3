"""Versions side by side: one waits, an admin accepts it, another is kept to go back to."""

import json
import sqlite3
import time
from contextlib import closing

import pytest
import trio

from helpdesk.errors import WriteFailed
from supervisor.errors import (
    AlreadyInstalled,
    PermissionsNotAccepted,
    PermissionUnknown,
    PluginNotFound,
    VersionNotFound,
)
from supervisor.secrets.box import load_keys
from supervisor.states import Outcome, PluginState, VersionStatus
from supervisor.store.plugins import module_hashes

ALL_EVENTS = (
    "ticket.created",
    "ticket.assigned",
    "ticket.status_changed",
    "ticket.reply_added",
    "ticket.note_added",
    "ticket.resolved",
    "ticket.closed",
    "ticket.reopened",
)


def files(desk, folder="modules"):
    return sorted(path.name for path in (desk.path / folder).iterdir())


def values(view):
    return {field.name: field.value for field in view.config}


async def stands(desk, plugin_id):
    """Return each version with its status, in the order in which they are shown."""
    return [(v.version, v.status.value) for v in await desk.supervisor.versions.all(plugin_id)]


async def test_a_newer_version_waits_and_the_running_one_goes_on(desk):
    plugin = await desk.running((await desk.install("wat/echo")).id)
    waiting = await desk.upload("wat/echo", version="2.0.0")
    now = await desk.supervisor.overview.plugin(plugin.id)
    assert (now.version, now.enabled, now.pid) == ("1.0.0", True, plugin.pid)
    assert now.waiting_version == waiting.sha256
    assert await stands(desk, plugin.id) == [("1.0.0", "active"), ("2.0.0", "waiting")]
    assert files(desk) == sorted(f"{v}.wasm" for v in (plugin.sha256, waiting.sha256))


@pytest.mark.parametrize("status", list(VersionStatus))
async def test_the_same_file_twice_says_which_version_it_is(desk, status):
    plugin = await desk.install("zig/probe", {"colour": "red"})
    module = desk.module("zig/probe")
    if status is not VersionStatus.ACTIVE:
        other = await desk.upload("zig/probe", version="2.0.0")
        module = desk.module("zig/probe", version="2.0.0")
    if status is VersionStatus.KEPT:
        await desk.accept(plugin.id, other.sha256)
        module = desk.module("zig/probe")
    before = await desk.supervisor.versions.all(plugin.id)
    with pytest.raises(AlreadyInstalled) as caught:
        await desk.supervisor.installs.install(module, source="again", actor="somebody else")
    said = caught.value
    assert (said.plugin_id, said.status, said.installed_by) == (plugin.id, status, "test")
    assert f"version {said.version} of {plugin.id}" in str(said)
    assert await desk.supervisor.versions.all(plugin.id) == before
    assert values(await desk.supervisor.overview.plugin(plugin.id))["colour"] == "red"


async def test_a_second_upload_takes_the_place_of_the_one_that_waits(desk):
    plugin = await desk.install("wat/noop", enabled=False)
    await desk.upload("wat/noop", version="2.0.0")
    newest = await desk.upload("wat/noop", version="2.0.1")
    assert await stands(desk, plugin.id) == [("1.0.0", "active"), ("2.0.1", "waiting")]
    assert files(desk) == sorted(f"{v}.wasm" for v in (plugin.sha256, newest.sha256))


async def test_two_versions_are_compared(desk):
    plugin = await desk.install("wat/noop", enabled=False, events=["ticket.created"])
    schema = {"colour": {"type": "string", "label": "Colour", "default": "red"}}
    hosts = {"http": {"allowed_hosts": ["api.example.com"]}}
    two = await desk.upload(
        "wat/noop",
        version="1.10.0",
        events=["ticket.note_added"],
        permissions=hosts,
        config_schema=schema,
    )
    found = await desk.supervisor.versions.compare(plugin.id, two.sha256)
    assert [each.token for each in found.asked_anew] == [
        "event:ticket.note_added",
        "host:api.example.com",
    ]
    assert "internal notes" in found.asked_anew[0].warning
    assert [each.token for each in found.given_up] == ["event:ticket.created"]
    assert (found.fields_added, found.fields_removed) == (("colour",), ())
    assert (found.active.version, found.other.version) == ("1.0.0", "1.10.0")
    assert not found.is_older
    await desk.accept(plugin.id, two.sha256)
    schema["colour"] |= {"default": "blue", "label": "Another word"}
    three = await desk.upload("wat/noop", version="1.9.0", events=[], config_schema=schema)
    found = await desk.supervisor.versions.compare(plugin.id, three.sha256)
    assert found.fields_changed == ("colour",)
    assert found.is_older


async def test_new_permissions_are_accepted_or_denied_by_name(desk):
    plugin = await desk.install("wat/noop", enabled=False, events=["ticket.created"])
    hosts = {"http": {"allowed_hosts": ["api.example.com"]}}
    new = await desk.upload("wat/noop", version="2.0.0", permissions=hosts, events=ALL_EVENTS[:2])

    async def accept(accepted, withheld=()):
        return await desk.supervisor.versions.accept(
            plugin.id, new.sha256, accepted=accepted, withheld=withheld, actor="test"
        )

    with pytest.raises(PermissionsNotAccepted) as caught:
        await accept(["event:ticket.assigned"])
    assert caught.value.missing == ("host:api.example.com",)
    with pytest.raises(PermissionUnknown, match="reply"):
        await accept(["event:ticket.assigned", "host:api.example.com", "reply"])
    assert await stands(desk, plugin.id) == [("1.0.0", "active"), ("2.0.0", "waiting")]
    view = await accept(["event:ticket.assigned"], ["host:api.example.com"])
    assert {each.token: each.granted for each in view.permissions} == {
        "event:ticket.created": True,
        "event:ticket.assigned": True,
        "host:api.example.com": False,
    }


async def test_what_is_denied_stays_so_in_the_next_version(desk):
    plugin = await desk.install("zig/probe", enabled=False)
    await desk.supervisor.controls.withhold(
        plugin.id, withheld=["reply", "host:localhost"], actor="test"
    )
    view = await desk.upgrade(plugin.id, "zig/probe", version="2.0.0")
    assert {each.token for each in view.permissions if not each.granted} == {
        "reply",
        "host:localhost",
    }


async def test_an_upgrade_keeps_the_configuration_that_fits(desk):
    old = await desk.install("zig/probe", {"colour": "red", "count": 9, "token": "s3cret-token"})
    schema = dict(json.loads(json.dumps(old.manifest["config_schema"])))
    del schema["count"]
    schema["colour"] = {"type": "select", "label": "Colour", "options": ["blue", "green"]}
    new = await desk.upgrade(old.id, "zig/probe", version="2.0.0", config_schema=schema)
    assert (new.version, new.enabled) == ("2.0.0", True)
    assert values(new) == {"steps": None, "token": None, "loud": None, "colour": None}
    assert {field.name for field in new.config if field.is_set} == {"token"}


async def test_a_rollback_brings_back_the_configuration_that_the_version_had(desk):
    old = await desk.install("zig/probe", {"colour": "red", "count": 9, "token": "s3cret-token"})
    await desk.steps(old.id, {"do": "config"})
    schema = dict(json.loads(json.dumps(old.manifest["config_schema"])))
    del schema["count"]
    await desk.upgrade(old.id, "zig/probe", version="2.0.0", config_schema=schema)
    await desk.supervisor.controls.set_config(
        old.id, {"token": "a-new-token", "colour": "green"}, actor="test"
    )
    back = await desk.accept(old.id, old.sha256)
    assert (back.version, back.sha256, back.enabled) == ("1.0.0", old.sha256, True)
    assert (values(back)["colour"], values(back)["count"]) == ("red", 9)
    assert await stands(desk, old.id) == [("1.0.0", "active"), ("2.0.0", "kept")]
    await desk.ticket()
    assert (await desk.delivery(old.id)).outcome is Outcome.OK
    (said,) = await desk.log(old.id)
    assert json.loads(said)["count"] == 9
    assert json.loads(said)["token"] == "[secret]"


async def test_an_upgrade_cannot_turn_a_secret_into_something_that_is_shown(desk):
    old = await desk.install("zig/probe", {"token": "s3cret-token"}, enabled=False)
    schema = json.loads(json.dumps(old.manifest["config_schema"]))
    schema["token"] = {"type": "string", "label": "Token"}
    new = await desk.upgrade(old.id, "zig/probe", version="2.0.0", config_schema=schema)
    assert "s3cret-token" not in repr(new)
    assert not next(field for field in new.config if field.name == "token").is_set


async def test_an_upgrade_cannot_loosen_the_hosts_that_a_secret_is_bound_to(desk):
    schema = {
        "token": {"type": "string", "label": "T", "secret": True, "bind": ["api.example.com"]}
    }
    old = await desk.install(
        "zig/probe", {"token": "s3cret-token"}, enabled=False, config_schema=schema
    )
    schema["token"]["bind"] = ["api.example.com", "localhost"]
    new = await desk.upgrade(old.id, "zig/probe", version="2.0.0", config_schema=schema)
    assert not new.config[0].is_set


async def test_an_upgrade_cannot_put_a_secret_into_another_part_of_a_request(desk):
    schema = {
        "token": {"type": "string", "label": "T", "secret": True, "bind": ["api.example.com"]}
    }
    old = await desk.install(
        "zig/probe", {"token": "s3cret-token"}, enabled=False, config_schema=schema
    )
    schema["token"]["bind_in"] = ["header", "body"]
    new = await desk.upgrade(old.id, "zig/probe", version="2.0.0", config_schema=schema)
    assert not new.config[0].is_set


async def test_no_event_is_lost_dropped_or_delivered_twice_over_upgrades_and_rollbacks(desk):
    plugin = await desk.install("wat/echo", events=["ticket.created"])
    upgraded = [(await desk.upload("wat/echo", version="2.0.0", events=["ticket.created"])).sha256]
    made = []

    async def make():
        for number in range(60):
            ticket = await desk.ticket(f"Number {number}")
            made.append(ticket.id)

    async def more_than(count):
        await desk.until(desk.nothing, lambda _: len(made) >= min(60, count + 10))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(make)
        for sha256 in (upgraded[0], plugin.sha256, upgraded[0]):
            await desk.accept(plugin.id, sha256)
            await more_than(len(made))
    deliveries = await desk.deliveries(plugin.id, 60)
    assert [d.ticket_id for d in deliveries] == made
    assert {(d.outcome, d.redelivered) for d in deliveries} == {(Outcome.OK, False)}


async def test_what_is_in_flight_ends_in_the_version_that_began_it(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    new = await desk.upload("zig/probe", version="2.0.0", events=["ticket.created"])
    await desk.ticket()
    await stand_in.wait()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.accept, plugin.id, new.sha256)
        await desk.state(plugin.id, PluginState.STOPPING)
        await desk.ticket()
        stand_in.release()
    deliveries = await desk.deliveries(plugin.id, 2)
    assert [d.outcome for d in deliveries] == [Outcome.OK, Outcome.OK]
    assert not any(d.redelivered for d in deliveries)
    assert len(stand_in.requests) == 2


async def test_an_event_that_a_version_asks_for_again_does_not_bring_old_ones(desk):
    plugin = await desk.install("wat/echo", events=["ticket.created"])
    ticket = await desk.ticket()
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "not for the plugin")
    await desk.upgrade(plugin.id, "wat/echo", version="2.0.0", events=list(ALL_EVENTS))
    await desk.helpdesk.tickets.note(desk.admin.actor, ticket.id, "for the plugin")
    deliveries = await desk.deliveries(plugin.id, 2)
    assert [d.event for d in deliveries] == ["ticket.created", "ticket.note_added"]
    assert "not for the plugin" not in "".join(await desk.log(plugin.id))


async def test_a_version_whose_configuration_does_not_suffice_waits_for_it_with_its_events(desk):
    plugin = await desk.install("wat/noop")
    schema = {"token": {"type": "string", "label": "T", "required": True, "secret": True}}
    view = await desk.upgrade(plugin.id, "wat/noop", version="2.0.0", config_schema=schema)
    assert (view.state, view.pid) == (PluginState.FAILED, None)
    assert "token" in view.state_reason
    ticket = await desk.ticket()
    await desk.supervisor.controls.set_config(plugin.id, {"token": "s3cret-token"}, actor="test")
    assert (await desk.delivery(plugin.id)).ticket_id == ticket.id


async def test_a_disabled_plugin_stays_disabled_and_one_that_failed_is_no_longer_failed(desk):
    plugin = await desk.install_broken()
    await desk.state(plugin.id, PluginState.FAILED)
    view = await desk.upgrade(plugin.id, "wat/noop", version="2.0.0")
    assert (view.state, view.enabled, view.state_reason) == (PluginState.DISABLED, False, None)


async def test_so_many_versions_are_kept_and_their_files(open_desk):
    desk = await open_desk(kept_versions=2)
    plugin = await desk.install("wat/noop", {}, enabled=False, version="1.0.0")
    for number in range(2, 6):
        await desk.upgrade(plugin.id, "wat/noop", version=f"{number}.0.0")
    assert await stands(desk, plugin.id) == [
        ("5.0.0", "active"),
        ("4.0.0", "kept"),
        ("3.0.0", "kept"),
    ]
    assert len(files(desk)) == 3
    hashes = await desk.helpdesk.database.read(module_hashes)
    assert files(desk) == sorted(f"{sha256}.wasm" for sha256 in hashes)


async def test_the_version_kept_last_stands_first_also_when_the_clock_stepped_back(
    open_desk, monkeypatch
):
    desk = await open_desk(kept_versions=2)
    plugin = await desk.install("wat/noop", enabled=False)
    real = time.time
    for hours, version in enumerate(("2.0.0", "3.0.0", "4.0.0")):
        monkeypatch.setattr(time, "time", lambda back=hours: real() - back * 3_600)
        await desk.upgrade(plugin.id, "wat/noop", version=version)
    assert await stands(desk, plugin.id) == [
        ("4.0.0", "active"),
        ("3.0.0", "kept"),
        ("2.0.0", "kept"),
    ]


async def test_versions_are_there_after_a_restart_and_can_be_gone_back_to(desk, open_desk):
    old = await desk.install("zig/probe", {"token": "s3cret-token"})
    await desk.upgrade(old.id, "zig/probe", version="2.0.0")
    await desk.upload("zig/probe", version="3.0.0")
    before, kept = await stands(desk, old.id), files(desk)
    await desk.close()
    desk = await open_desk()
    assert (await stands(desk, old.id), files(desk)) == (before, kept)
    assert [status for _, status in before] == ["active", "waiting", "kept"]
    view = await desk.accept(old.id, old.sha256)
    assert {field.name for field in view.config if field.is_set} == {"token"}
    await desk.running(old.id)


async def test_a_version_is_discarded_with_its_file(desk):
    plugin = await desk.install("wat/noop", enabled=False)
    waiting = await desk.upload("wat/noop", version="2.0.0")
    await desk.supervisor.versions.discard(plugin.id, waiting.sha256, actor="test")
    assert await stands(desk, plugin.id) == [("1.0.0", "active")]
    assert files(desk) == [f"{plugin.sha256}.wasm"]
    assert (await desk.supervisor.overview.plugin(plugin.id)).waiting_version is None
    with pytest.raises(VersionNotFound):
        await desk.supervisor.versions.discard(plugin.id, plugin.sha256, actor="test")


async def test_a_version_or_a_plugin_that_is_not_there_is_named(desk):
    plugin = await desk.install("wat/noop", enabled=False)
    with pytest.raises(VersionNotFound, match="0000"):
        await desk.supervisor.versions.compare(plugin.id, "0000")
    with pytest.raises(VersionNotFound, match="0000"):
        await desk.supervisor.versions.accept(plugin.id, "0000", accepted=(), actor="test")
    with pytest.raises(PluginNotFound):
        await desk.supervisor.versions.all("org.example.missing")


async def test_an_upload_that_is_cut_off_leaves_the_installed_version_alone(desk):
    plugin = await desk.install("zig/probe")
    for pause in (0.0, 0.003, 0.01, 0.03, 0.1):
        with trio.move_on_after(pause):
            await desk.upload("zig/probe", version="2.0.0")
        here = await desk.supervisor.versions.all(plugin.id)
        assert files(desk) == sorted(f"{version.sha256}.wasm" for version in here), pause
        for version in here[1:]:
            await desk.supervisor.versions.discard(plugin.id, version.sha256, actor="test")
    assert (await desk.supervisor.overview.plugin(plugin.id)).enabled


async def test_a_damaged_secret_of_a_kept_version_stops_its_plugin_after_a_rollback(desk):
    old = await desk.install("zig/probe", {"token": "s3cret-token"})
    await desk.upgrade(old.id, "zig/probe", version="2.0.0")

    def damage(db):
        db.execute("UPDATE version_config SET sealed = x'01' WHERE field = 'token'")

    await desk.helpdesk.database.write(damage)
    view = await desk.accept(old.id, old.sha256)
    assert view.state is PluginState.FAILED
    assert "token" in view.state_reason


async def test_a_new_key_seals_the_secrets_of_kept_versions_too(desk, open_desk):
    old = await desk.install("zig/probe", {"token": "s3cret-token"})
    await desk.upgrade(old.id, "zig/probe", version="2.0.0")
    done = await desk.supervisor.key.rotate(actor="test")
    assert (done.resealed, done.unreadable) == (2, ())
    (key,) = load_keys(desk.path / "secret.key")
    await desk.close()
    desk = await open_desk(key=key)
    await desk.accept(old.id, old.sha256)
    await desk.running(old.id)


@pytest.mark.parametrize("change", ["accept", "restart", "disable", "uninstall"])
async def test_a_change_that_a_locked_database_refuses_leaves_the_plugin_running(desk, change):
    plugin = await desk.running((await desk.install("wat/noop")).id)
    new = await desk.upload("wat/noop", version="2.0.0")
    changes = {
        "accept": lambda: desk.accept(plugin.id, new.sha256),
        "restart": lambda: desk.supervisor.controls.restart(plugin.id, actor="test"),
        "disable": lambda: desk.supervisor.controls.set_enabled(plugin.id, False, actor="test"),
        "uninstall": lambda: desk.supervisor.controls.uninstall(plugin.id, actor="test"),
    }
    await desk.helpdesk.database.write(lambda db: db.execute("PRAGMA busy_timeout=20") and None)
    with closing(sqlite3.connect(desk.path / "ohd.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WriteFailed, match="locked"):
            await changes[change]()
        other.execute("ROLLBACK")
    await desk.running(plugin.id)
    assert await stands(desk, plugin.id) == [("1.0.0", "active"), ("2.0.0", "waiting")]
    assert len(files(desk)) == 2
    await desk.ticket()
    assert (await desk.delivery(plugin.id)).outcome is Outcome.OK
    await changes[change]()


async def test_an_installation_on_a_full_disk_leaves_nothing_and_works_once_there_is_room(desk):
    plugin = await desk.running((await desk.install("wat/noop")).id)

    def most_pages(db, more):
        count = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={count + more}")

    large = {"version": "2.0.0", "x_notes": "x" * 30_000}
    await desk.helpdesk.database.write(lambda db: most_pages(db, 0))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await desk.upload("wat/noop", **large)
    assert await stands(desk, plugin.id) == [("1.0.0", "active")]
    assert files(desk) == [f"{plugin.sha256}.wasm"]
    await desk.helpdesk.database.write(lambda db: most_pages(db, 10_000))
    await desk.upgrade(plugin.id, "wat/noop", **large)


async def test_a_plugin_that_cannot_be_read_any_longer_can_be_installed_again(desk, open_desk):
    plugin = await desk.install("wat/noop")
    await desk.upload("wat/noop", version="2.0.0")

    def damage(db):
        db.execute("UPDATE plugins SET manifest = '{}'")
        db.execute("UPDATE plugin_versions SET manifest = '{}'")

    await desk.helpdesk.database.write(damage)
    await desk.close()
    desk = await open_desk()
    assert await desk.supervisor.overview.plugins() == []
    again = await desk.install("wat/noop", enabled=False)
    assert (again.id, again.enabled) == (plugin.id, False)
    await desk.upgrade(plugin.id, "wat/noop", version="2.0.0")
    assert await stands(desk, plugin.id) == [("2.0.0", "active"), ("1.0.0", "kept")]


async def test_a_restart_gives_a_new_process_and_loses_nothing(desk):
    plugin = await desk.running((await desk.install("wat/noop")).id)
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(desk.ticket)
        await desk.supervisor.controls.restart(plugin.id, actor="test")
    again = await desk.running(plugin.id)
    assert again.pid != plugin.pid
    deliveries = await desk.deliveries(plugin.id, 5)
    assert {(d.outcome, d.redelivered) for d in deliveries} == {(Outcome.OK, False)}
    assert len({d.ticket_id for d in deliveries}) == 5
