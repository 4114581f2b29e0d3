"""The store: what is written is read back, and a change goes with its entry in the audit log."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk.service import HelpDesk
from sandbox_child.wire.entry import Entry, ModuleReport
from supervisor.contracts import describe
from supervisor.manifest import parse_manifest
from supervisor.secrets.box import SecretBox, new_key
from supervisor.states import VersionStatus
from supervisor.store.configs import SavedConfig
from supervisor.store.migrations import migrations
from supervisor.store.plugin_store import PluginStore
from supervisor.store.plugins import PluginRow, new_plugin
from supervisor.store.versions import version_of

PLUGIN = "org.example.kept"
TEXT = (
    '{"id": "org.example.kept", "name": "Kept", "version": "1.0.0", "description": "x",'
    ' "events": [], "config_schema": {"token": {"type": "string", "secret": true}}}'
)
MANIFEST = parse_manifest(TEXT.encode())
REPORT = ModuleReport(
    Entry("ohd_alloc", True, "none", True, "none"), (), (), "wat", False, 1, 1, None, (), ()
)
FIRST, OTHER = "0" * 64, "1" * 64
SECRET = "xoxb-17"


def row(sha256: str = FIRST) -> PluginRow:
    return new_plugin(
        describe(TEXT, REPORT), TEXT, REPORT, sha256, size=1, source="a test", actor="a"
    )


def waiting() -> PluginRow:
    return row(OTHER)


def kept(_db: object, _changes: Mapping[str, object]) -> None:
    """Write the entry, as an audit log that works."""


class AuditIsDown(Exception):
    pass


def refuses(_db: object, _changes: Mapping[str, object]) -> None:
    raise AuditIsDown


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PluginStore]:
    """A store with one plugin, one version that waits, and one secret."""
    async with HelpDesk.open(tmp_path / "helpdesk.db", migrations=[migrations]) as helpdesk:
        made = PluginStore.over(helpdesk.database, SecretBox(new_key()))
        await made.installed.install(row(), kept, {})
        version = version_of(waiting(), VersionStatus.WAITING)
        await made.installed.add_waiting(version, kept, {})
        await made.installed.save_config(
            MANIFEST, {"token": SECRET}, keep=(), record=kept, changes={"token": "changed"}
        )
        yield made


async def test_what_is_installed_is_read_back_whole(store: PluginStore) -> None:
    found = await store.installed.find(PLUGIN)
    assert found is not None
    assert replace(found.row, installed_at=0) == replace(row(), installed_at=0)
    assert found.config.values == {"token": SECRET}
    assert [(v.sha256, v.status) for v in found.others] == [(OTHER, VersionStatus.WAITING)]
    assert await store.installed.all_ids() == [PLUGIN]
    assert await store.installed.module_hashes() == {FIRST, OTHER}


async def test_a_version_takes_the_others_place_and_back_with_its_configuration(
    store: PluginStore,
) -> None:
    saved = SavedConfig({"token": SECRET})
    await store.installed.replace_version(
        row(), waiting(), VersionStatus.WAITING, saved, keep=5, record=kept, changes={}
    )
    found = await store.installed.find(PLUGIN)
    assert found is not None
    assert (found.row.sha256, found.config.values) == (OTHER, {"token": SECRET})
    assert [(v.sha256, v.status) for v in found.others] == [(FIRST, VersionStatus.KEPT)]
    await store.installed.save_config(MANIFEST, {}, keep=(), record=kept, changes={"token": "x"})
    await store.installed.replace_version(
        waiting(), row(), VersionStatus.KEPT, SavedConfig(), keep=5, record=kept, changes={}
    )
    found = await store.installed.find(PLUGIN)
    assert found is not None
    assert (found.row.sha256, found.config.values) == (FIRST, {"token": SECRET})


CHANGES: dict[str, Callable[[PluginStore], Awaitable[object]]] = {
    "install": lambda s: s.installed.install(row(), refuses, {}),
    "add_waiting": lambda s: s.installed.add_waiting(
        version_of(row("2" * 64), VersionStatus.WAITING), refuses, {}
    ),
    "replace_version": lambda s: s.installed.replace_version(
        row(), waiting(), VersionStatus.WAITING, SavedConfig(), keep=5, record=refuses, changes={}
    ),
    "discard_version": lambda s: s.installed.discard_version(PLUGIN, OTHER, refuses, {}),
    "uninstall": lambda s: s.installed.uninstall(PLUGIN, refuses, {}),
    "save_config": lambda s: s.installed.save_config(
        MANIFEST, {}, keep=(), record=refuses, changes={"token": "changed"}
    ),
    "set_withheld": lambda s: s.installed.set_withheld(
        PLUGIN, {"reply"}, {}, record=refuses, changes={}
    ),
    "set_limits": lambda s: s.installed.set_limits(PLUGIN, {"deadline_s": 1.0}, refuses, {}),
    "reseal": lambda s: s.installed.reseal(refuses),
    "enable": lambda s: s.running.enable(PLUGIN, 7, refuses, {}),
    "disable": lambda s: s.running.disable(row(), "why", (), lambda: 1, record=refuses, changes={}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_that_cannot_be_audited_is_not_made(store: PluginStore, change: str) -> None:
    before = await store.installed.find(PLUGIN)
    with pytest.raises(AuditIsDown):
        await CHANGES[change](store)
    assert await store.installed.find(PLUGIN) == before
