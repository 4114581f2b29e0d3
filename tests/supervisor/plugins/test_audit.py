"""What admins do to plugins is on record, and no secret with it."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.audit import ITSELF, acting_from
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.errors import ConfigInvalid, ModuleRefused
from supervisor.states import PluginState

SECRET = "xoxb-very-secret-17"


async def audit(desk):
    """Return what is on record of plugins, oldest first; the desk's people are on record too."""
    page = await desk.helpdesk.audit.list(SYSTEM, per_page=200)
    return [entry for entry in page.rows[::-1] if entry.action.startswith("plugin.")]


async def test_each_step_in_the_life_of_a_plugin_is_on_record(desk):
    with acting_from("192.0.2.7"):
        plugin = await desk.install("zig/probe", enabled=False)
        await desk.supervisor.controls.set_config(
            plugin.id, {"token": SECRET, "colour": "red"}, actor=desk.admin.id
        )
        await desk.supervisor.controls.set_enabled(plugin.id, True, actor=desk.admin.id)
        await desk.supervisor.controls.set_enabled(plugin.id, False, actor=desk.admin.id)
        new = await desk.supervisor.installs.install(
            desk.module("zig/probe", version="2.0.0"), source="new.wasm", actor=desk.admin.id
        )
        await desk.supervisor.versions.accept(
            plugin.id, new.waiting_version, accepted=(), withheld=["reply"], actor=desk.admin.id
        )
        await desk.supervisor.controls.withhold(
            plugin.id, withheld=["custom_field"], actor=desk.admin.id
        )
        await desk.supervisor.versions.accept(
            plugin.id, plugin.sha256, accepted=(), actor=desk.admin.id
        )
        await desk.supervisor.versions.discard(plugin.id, new.waiting_version, actor=desk.admin.id)
        await desk.supervisor.controls.set_config(plugin.id, {"token": None}, actor=desk.admin.id)
        await desk.supervisor.controls.uninstall(plugin.id, actor=desk.admin.id)
    found = await audit(desk)
    assert [entry.action.removeprefix("plugin.") for entry in found] == [
        *("installed", "configured", "enabled", "disabled", "uploaded", "upgraded", "narrowed"),
        *("rolled_back", "version_discarded", "configured", "uninstalled"),
    ]
    assert {entry.subject for entry in found} == {plugin.id}
    assert {entry.origin for entry in found} == {"192.0.2.7"}
    assert {entry.actor_id for entry in found[1:]} == {desk.admin.id}
    installed, configured, _, _, uploaded, upgraded, narrowed, back, _, cleared, _ = found
    assert installed.changes["version"] == "1.0.0"
    assert installed.changes["source"] == "a test"
    assert configured.changes == {"token": "changed", "colour": {"from": None, "to": "red"}}
    assert (uploaded.changes["version"], uploaded.changes["source"]) == ("2.0.0", "new.wasm")
    assert upgraded.changes["version"] == {"from": "1.0.0", "to": "2.0.0"}
    assert upgraded.changes["withheld"] == {"from": [], "to": ["reply"]}
    assert "permissions" not in upgraded.changes
    assert narrowed.changes == {"withheld": ["custom_field"], "given_back": ["reply"]}
    assert back.changes["version"] == {"from": "2.0.0", "to": "1.0.0"}
    assert cleared.changes == {"token": "changed"}
    assert SECRET not in repr(found)


async def test_a_restart_is_on_record(desk):
    plugin = await desk.install("wat/noop")
    await desk.supervisor.controls.restart(plugin.id, actor=desk.admin.id)
    last = (await audit(desk))[-1]
    assert (last.action, last.actor_id) == ("plugin.restarted", desk.admin.id)


async def test_what_is_refused_is_not_on_record(desk):
    with pytest.raises(ModuleRefused):
        await desk.supervisor.installs.install(b"\0asm\1\0\0\0", source="x", actor="test")
    plugin = await desk.install("zig/probe", enabled=False)
    with pytest.raises(ConfigInvalid):
        await desk.supervisor.controls.set_config(plugin.id, {"count": "many"}, actor="test")
    assert [entry.action for entry in await audit(desk)] == ["plugin.installed"]


async def test_what_changes_nothing_is_not_on_record(desk):
    plugin = await desk.install("wat/noop")
    before = len(await audit(desk))
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.supervisor.controls.set_config(plugin.id, {}, actor="test")
    assert len(await audit(desk)) == before


async def test_a_plugin_that_the_supervisor_switched_off_says_so_with_the_reason(open_desk):
    desk = await open_desk(health=ErrorThreshold(least=2))
    with acting_from("192.0.2.7"):
        plugin = await desk.install("wat/trap")
    for _ in range(3):
        await desk.ticket()
    await desk.state(plugin.id, PluginState.FAILED)
    entry = (await audit(desk))[-1]
    assert entry.action == "plugin.switched_off"
    assert (entry.actor_id, entry.origin) == ("system", ITSELF)
    assert "deliveries failed" in entry.changes["reason"]
