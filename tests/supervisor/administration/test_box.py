"""The box: folders with packages, and how each stands on a help desk."""

import json
import shutil

import pytest

from sandbox_child.packages import write_package
from supervisor.errors import NotInTheBox
from supervisor.states import BoxStanding, PluginState
from tests.goatkit_modules import goatkit_module

ASKS = {"permissions": [{"type": "db", "access": "read", "scope": ["ticket"]}]}


def put(box, name, version="1.0.0", **more):
    """Put a plugin into the box as a build does."""
    registration = {
        **more,
        "name": name,
        "version": version,
        "description": f"Does {name}.",
        "resources": ASKS,
    }
    folder = box / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "registration.json").write_text(json.dumps(registration))
    packed, _ = write_package(
        {
            "plugin.wasm": goatkit_module(registration, {}),
            "plugin.yaml": f"name: {name}\nversion: {version}\nwasm: plugin.wasm\n".encode(),
        }
    )
    (folder / f"{name}.zip").write_bytes(packed)


async def standings(desk):
    return {one.name: one.standing for one in await desk.supervisor.box.all()}


async def test_a_folder_with_a_package_is_in_the_box_and_asks_as_any_other(open_desk, tmp_path):
    box = tmp_path / "box"
    put(box, "tables")
    desk = await open_desk(box=box)
    (before,) = await desk.supervisor.box.all()
    assert (before.id, before.title, before.version) == ("goatkit.tables", "Tables", "1.0.0")
    assert before.standing is BoxStanding.AVAILABLE
    assert (before.installed_version, before.state) == (None, None)
    plugin = await desk.supervisor.box.install("tables", actor="test")
    assert (plugin.enabled, plugin.source, plugin.sha256) == (False, "the box", before.sha256)
    # Nothing is granted by its coming with the help desk.
    assert [one.granted for one in plugin.permissions] == [False]
    assert [one.token for one in plugin.permissions] == [one.token for one in before.permissions]
    (after,) = await desk.supervisor.box.all()
    assert (after.standing, after.state) == (BoxStanding.INSTALLED, PluginState.DISABLED)
    # A new folder needs no restart.
    put(box, "chairs")
    assert [one.name for one in await desk.supervisor.box.all()] == ["chairs", "tables"]


async def test_its_title_is_what_people_see_in_the_navigation(open_desk, tmp_path):
    box = tmp_path / "box"
    entry = {"id": "lists", "path": "/api/plugins/org-lists/show", "location": "agent"}
    texts = {
        "namespace": "lists",
        "languages": ["en", "de"],
        "translations": {"en": {"menu": "LISTS"}, "de": {"menu": "Listen"}},
    }
    put(box, "org-lists", menu_items=[{**entry, "label": "menu"}], i18n=texts)
    put(box, "plain-name")
    desk = await open_desk(box=box)
    assert [one.title for one in await desk.supervisor.box.all()] == ["LISTS", "Plain name"]


async def test_a_newer_package_is_an_update_that_waits_for_review(open_desk, tmp_path):
    box = tmp_path / "box"
    put(box, "tables", "2.0.0")
    desk = await open_desk(box=box)
    await desk.supervisor.box.install("tables", actor="test")
    put(box, "tables", "1.9.0")
    assert await standings(desk) == {"tables": BoxStanding.INSTALLED}
    put(box, "tables", "2.1.0")
    assert await standings(desk) == {"tables": BoxStanding.UPDATE}
    plugin = await desk.supervisor.box.install("tables", actor="test")
    assert plugin.version == "2.0.0"
    assert await standings(desk) == {"tables": BoxStanding.WAITING}
    await desk.supervisor.versions.accept(
        plugin.id, plugin.waiting_version, accepted=[], withheld=[], actor="test"
    )
    assert await standings(desk) == {"tables": BoxStanding.INSTALLED}
    (kept,) = (await desk.supervisor.versions.all(plugin.id))[1:]
    await desk.supervisor.versions.accept(
        plugin.id, kept.sha256, accepted=[], withheld=[], actor="test"
    )
    # Who rolled back is not asked again.
    assert await standings(desk) == {"tables": BoxStanding.INSTALLED}


async def test_what_is_broken_is_left_out_and_a_name_leads_nowhere_else(open_desk, tmp_path):
    box = tmp_path / "box"
    for name in ("bare", "chairs", "other", "wrong"):
        put(box, name)
    (box / "bare" / "registration.json").unlink()
    (box / "wrong" / "registration.json").write_text("[")
    (box / "other" / "other.zip").rename(box / "other" / "another.zip")
    shutil.copytree(box / "chairs", tmp_path / "chairs")
    desk = await open_desk(box=box)
    assert await standings(desk) == {"chairs": BoxStanding.AVAILABLE}
    for name in ("bare", "../chairs", "", "another"):
        with pytest.raises(NotInTheBox, match=r"is not in the box; in it: chairs"):
            await desk.supervisor.box.install(name, actor="test")


async def test_a_desk_without_a_box_has_an_empty_one(desk):
    assert await desk.supervisor.box.all() == []
    with pytest.raises(NotInTheBox, match="in it: nothing"):
        await desk.supervisor.box.install("chairs", actor="test")
