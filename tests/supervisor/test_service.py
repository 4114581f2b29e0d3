"""The front door: plugins are installed, configured, switched and removed, one change at a time."""

from contextlib import suppress

import pytest
import trio

from sandbox_child.wasm.sections import replace_custom_section
from supervisor.errors import (
    AlreadyInstalled,
    ConfigInvalid,
    ModuleRefused,
    NotRunning,
    PluginNotFound,
    VersionNotFound,
)
from supervisor.states import Outcome, PluginState

NEEDS_TOKEN = {
    "token": {"type": "string", "label": "Token", "required": True, "secret": True},
    "colour": {"type": "string", "label": "Colour", "default": "red"},
}


def files(desk, folder):
    return sorted(path.name for path in (desk.path / folder).iterdir())


async def test_a_plugin_arrives_disabled_with_what_it_declares(desk):
    module = desk.module("zig/probe")
    view = await desk.supervisor.installs.install(
        module, source="upload of probe.wasm", actor="admin"
    )
    assert (view.enabled, view.state, view.pid) == (False, PluginState.DISABLED, None)
    assert view.size == len(module)
    assert view.allowed_hosts == ("api.example.com", "localhost")
    assert [field.name for field in view.config] == ["steps", "token", "loud", "count", "colour"]
    assert await desk.supervisor.overview.plugin(view.id) == view
    assert files(desk, "modules") == [f"{view.sha256}.wasm"]


async def test_plugins_are_listed_by_name(desk):
    for name in ("beta", "Alpha", "gamma"):
        await desk.install(enabled=False, id=f"org.example.{name.lower()}", name=name)
    assert [view.id for view in await desk.supervisor.overview.plugins()] == [
        "org.example.alpha",
        "org.example.beta",
        "org.example.gamma",
    ]


@pytest.mark.parametrize(
    ("guest_name", "words"),
    [
        ("wat/memory_missing", "memory"),
        ("wat/on_event_missing", "on_event"),
        ("wat/on_event_signature", "on_event"),
        ("wat/unknown_imports", "import"),
        ("wat/import_signature", "ohd"),
        ("wat/panel_missing", "render_panel"),
    ],
)
async def test_a_module_that_is_refused_leaves_nothing(desk, guest_name, words):
    with pytest.raises(ModuleRefused, match=words):
        await desk.install(guest_name)
    assert await desk.supervisor.overview.plugins() == []
    assert files(desk, "modules") == files(desk, "compiled") == []


@pytest.mark.parametrize("module", [b"", b"\0asm", b"\0asm\x0d\0\1\0", b"MZ\x90\0", b"x" * 100_000])
async def test_a_file_that_is_no_module_is_refused(desk, module):
    with pytest.raises(ModuleRefused):
        await desk.supervisor.installs.install(module, source="a test", actor="test")
    assert await desk.supervisor.overview.plugins() == []


async def test_a_truncated_module_is_refused_at_every_length(desk):
    module = desk.module("wat/noop")
    for length in range(0, len(module), 37):
        with pytest.raises(ModuleRefused):
            await desk.supervisor.installs.install(module[:length], source="a test", actor="test")


async def test_a_manifest_that_is_wrong_is_refused_with_the_field(desk):
    module = replace_custom_section(desk.module("wat/noop"), "ohd_manifest", b'{"id": "noop"}')
    with pytest.raises(ModuleRefused, match="id"):
        await desk.supervisor.installs.install(module, source="a test", actor="test")


async def test_a_plugin_is_not_enabled_before_its_required_values_are_there(desk):
    plugin = await desk.install(enabled=False, config_schema=NEEDS_TOKEN)
    with pytest.raises(ConfigInvalid) as caught:
        await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    assert caught.value.problems == {"token": "this field is required"}
    assert not (await desk.supervisor.overview.plugin(plugin.id)).enabled
    await desk.supervisor.controls.set_config(plugin.id, {"token": "s3cret-token"}, actor="test")
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.running(plugin.id)


async def test_a_secret_is_saved_and_never_given_back(desk):
    plugin = await desk.install(
        config={"token": "s3cret-token"}, enabled=False, config_schema=NEEDS_TOKEN
    )
    assert "s3cret-token" not in repr(plugin)
    assert [(f.name, f.is_set, f.value) for f in plugin.config] == [
        ("token", True, None),
        ("colour", False, None),
    ]


async def test_configuration_that_does_not_fit_is_refused_and_nothing_is_saved(desk):
    plugin = await desk.install("zig/probe", {"colour": "red"}, enabled=False)
    with pytest.raises(ConfigInvalid) as caught:
        await desk.supervisor.controls.set_config(
            plugin.id, {"colour": "blue", "count": "many", "loud": True, "x": 1}, actor="test"
        )
    assert set(caught.value.problems) == {"colour", "count", "x"}
    assert values(await desk.supervisor.overview.plugin(plugin.id))["loud"] is None


async def test_a_required_value_of_a_running_plugin_cannot_be_cleared(desk):
    plugin = await desk.install(config={"token": "s3cret-token"}, config_schema=NEEDS_TOKEN)
    with pytest.raises(ConfigInvalid):
        await desk.supervisor.controls.set_config(plugin.id, {"token": None}, actor="test")
    assert (await desk.supervisor.overview.plugin(plugin.id)).config[0].is_set


async def test_an_uninstalled_plugin_leaves_no_process_row_or_file(desk):
    plugin = await desk.install("zig/probe", {"token": "s3cret-token"})
    await desk.upgrade(plugin.id, "zig/probe", version="2.0.0")
    await desk.upload("zig/probe", version="3.0.0")
    assert len(files(desk, "modules")) == 3
    await desk.ticket()
    await desk.deliveries(plugin.id)
    await desk.supervisor.controls.uninstall(plugin.id, actor="test")
    assert (
        await desk.supervisor.overview.plugins() == await desk.supervisor.overview.processes() == []
    )
    assert files(desk, "modules") == files(desk, "compiled") == []
    for table in (
        *("plugins", "plugin_config", "deliveries", "plugin_logs"),
        *("plugin_versions", "version_config"),
    ):
        count = await desk.helpdesk.database.read(
            lambda db, table=table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        )
        assert count == 0, table


async def test_what_a_plugin_wrote_on_tickets_outlives_it(desk):
    plugin = await desk.probe(
        {"do": "note", "body": "digest"}, {"do": "field", "key": "k", "value": "v"}
    )
    ticket = await desk.ticket()
    await desk.deliveries(plugin.id)
    await desk.supervisor.controls.uninstall(plugin.id, actor="test")
    assert await desk.replies(ticket) == ["digest"]
    found = await desk.helpdesk.tickets.get(desk.admin.actor, ticket.id)
    assert [(field.key, field.value) for field in found.custom_fields] == [("k", "v")]


@pytest.mark.parametrize("do", ["plugin", "deliveries", "logs", "uninstall", "enable", "config"])
async def test_a_plugin_that_is_not_there_is_named(desk, do):
    service, missing = desk.supervisor, "org.example.missing"
    calls = {
        "plugin": lambda: service.overview.plugin(missing),
        "deliveries": lambda: service.deliveries.page(missing),
        "logs": lambda: service.logs.read(missing),
        "uninstall": lambda: service.controls.uninstall(missing, actor="test"),
        "enable": lambda: service.controls.set_enabled(missing, True, actor="test"),
        "config": lambda: service.controls.set_config(missing, {}, actor="test"),
    }
    with pytest.raises(PluginNotFound, match=missing):
        await calls[do]()


async def every_change(desk, plugin_id, number):
    """Make each kind of change of one plugin at the same time; some come too late for theirs."""
    service = desk.supervisor

    async def accept():
        for version in (await service.versions.all(plugin_id))[1:]:
            await desk.accept(plugin_id, version.sha256)

    changes = (
        lambda: desk.install("wat/noop", enabled=False, version=f"1.{number}.0"),
        lambda: service.controls.set_enabled(plugin_id, True, actor="test"),
        accept,
        lambda: service.controls.uninstall(plugin_id, actor="test"),
        lambda: service.controls.restart(plugin_id, actor="test"),
        lambda: service.controls.set_enabled(plugin_id, False, actor="test"),
    )

    async def one(change):
        with suppress(AlreadyInstalled, PluginNotFound, VersionNotFound, NotRunning):
            await change()

    async with trio.open_nursery() as nursery:
        for change in changes:
            nursery.start_soon(one, change)


async def test_changes_of_one_plugin_at_the_same_time_come_one_after_the_other(desk):
    plugin = await desk.install("wat/noop", enabled=False)
    for _ in range(3):
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(every_change, desk, plugin.id, number)
        here = [
            version
            for view in await desk.supervisor.overview.plugins()
            for version in await desk.supervisor.versions.all(view.id)
        ]
        assert files(desk, "modules") == sorted(f"{version.sha256}.wasm" for version in here)
    for view in await desk.supervisor.overview.plugins():
        await desk.supervisor.controls.uninstall(view.id, actor="test")
    last = await desk.install("wat/noop", version="9.0.0")
    assert [view.version for view in await desk.supervisor.overview.plugins()] == ["9.0.0"]
    assert files(desk, "modules") == [f"{last.sha256}.wasm"]
    await desk.ticket()
    assert (await desk.delivery(last.id)).outcome is Outcome.OK


async def test_changes_of_different_plugins_at_the_same_time_are_all_kept(desk):
    ids = [f"org.example.p{number}" for number in range(6)]

    async def live(plugin_id):
        await desk.install("zig/probe", {"colour": "red"}, id=plugin_id, events=[])
        await desk.supervisor.controls.set_config(plugin_id, {"count": 7}, actor="test")

    async with trio.open_nursery() as nursery:
        for plugin_id in ids:
            nursery.start_soon(live, plugin_id)
    views = await desk.supervisor.overview.plugins()
    assert [view.id for view in views] == ids
    for view in views:
        assert view.enabled
        assert (values(view)["colour"], values(view)["count"]) == ("red", 7)


async def test_a_caller_that_goes_away_leaves_no_half_installation(desk):
    module = desk.module("zig/probe")
    for pause in (0.0, 0.001, 0.003, 0.01, 0.03, 0.1):
        with trio.move_on_after(pause):
            await desk.supervisor.installs.install(module, source="a test", actor="test")
        installed = await desk.supervisor.overview.plugins()
        kept = files(desk, "modules")
        assert kept == [f"{view.sha256}.wasm" for view in installed], pause
        assert not [name for name in files(desk, "compiled") if name.endswith(".part")]
        for view in installed:
            await desk.supervisor.controls.uninstall(view.id, actor="test")


async def test_files_of_an_installation_that_a_crash_cut_off_are_removed_at_the_next_start(
    desk, open_desk
):
    plugin = await desk.install("wat/noop", enabled=False)
    kept = (files(desk, "modules"), files(desk, "compiled"))
    await desk.close()
    for name in ("modules/" + "0" * 64 + ".wasm", "modules/x.part", "compiled/" + "0" * 64 + "-a"):
        (desk.path / name).write_bytes(b"left over")
    desk = await open_desk()
    assert (files(desk, "modules"), files(desk, "compiled")) == kept
    assert (await desk.supervisor.overview.plugin(plugin.id)).state is PluginState.DISABLED


async def test_what_is_enabled_runs_again_after_a_restart(desk, open_desk):
    plugin = await desk.install(
        "zig/probe", {"token": "s3cret-token", "steps": '[{"do":"config"}]'}
    )
    off = await desk.install("wat/noop", enabled=False)
    await desk.close()
    desk = await open_desk()
    await desk.running(plugin.id)
    await desk.ticket()
    assert (await desk.delivery(plugin.id)).outcome is Outcome.OK
    assert "[secret]" in (await desk.log(plugin.id))[0]
    assert (await desk.supervisor.overview.plugin(off.id)).pid is None


async def test_what_waited_at_a_stop_is_delivered_after_the_start_and_is_no_redelivery(
    desk, open_desk
):
    plugin = await desk.install("wat/noop")
    await desk.close()
    desk = await open_desk(run_plugins=False)
    tickets = [await desk.ticket() for _ in range(3)]
    assert (await desk.supervisor.overview.plugin(plugin.id)).state is PluginState.STOPPED
    await desk.close()
    desk = await open_desk()
    deliveries = await desk.deliveries(plugin.id, 3)
    assert [d.ticket_id for d in deliveries] == [ticket.id for ticket in tickets]
    assert not any(d.redelivered for d in deliveries)


async def test_without_the_key_a_plugin_with_secrets_does_not_run_and_says_why(desk, open_desk):
    plugin = await desk.install("zig/probe", {"token": "s3cret-token", "colour": "red"})
    await desk.close()
    desk = await open_desk(key=b"o" * 32)
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert (view.state, view.pid) == (PluginState.FAILED, None)
    assert "another key" in view.state_reason
    (notice,) = await desk.until(desk.notices, len)
    assert notice.title == f"The plugin {plugin.name} is not running"
    assert "another key" in notice.body
    # What does not concern the secret can be changed, and the secret is kept for its key.
    await desk.supervisor.controls.set_config(plugin.id, {"colour": "green"}, actor="test")
    await desk.close()
    desk = await open_desk()
    await desk.running(plugin.id)
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert values(view)["colour"] == "green"
    assert {field.name for field in view.config if field.is_set} == {"token", "colour"}


async def test_entering_a_secret_again_makes_a_plugin_run_under_a_new_key(desk, open_desk):
    plugin = await desk.install("zig/probe", {"token": "s3cret-token"})
    await desk.close()
    desk = await open_desk(key=b"o" * 32)
    await desk.supervisor.controls.set_config(plugin.id, {"token": "another-one"}, actor="test")
    await desk.running(plugin.id)
    assert (await desk.supervisor.overview.plugin(plugin.id)).state_reason is None


async def test_a_damaged_secret_stops_its_plugin_alone(desk, open_desk):
    broken = await desk.install("zig/probe", {"token": "s3cret-token"})
    fine = await desk.install("wat/noop")
    await desk.helpdesk.database.write(
        lambda db: (
            db.execute("UPDATE plugin_config SET sealed = x'01' WHERE field = 'token'") and None
        )
    )
    await desk.close()
    desk = await open_desk()
    await desk.running(fine.id)
    assert (await desk.supervisor.overview.plugin(broken.id)).state is PluginState.FAILED


async def test_a_process_shows_what_it_uses(desk):
    plugin = await desk.install("wat/noop")
    pid = (await desk.running(plugin.id)).pid
    view = await desk.process(plugin.id)
    assert (view.pid, view.state, view.restarts) == (pid, PluginState.RUNNING, 0)
    assert view.rss_bytes > 1 << 20
    assert view.threads >= 1
    assert view.uptime_s >= 0
    assert view.guest_memory_bytes == 20 * 65_536
    assert {"seccomp", "no_new_privs", "landlock"} <= set(view.controls)


def values(view):
    return {field.name: field.value for field in view.config}
