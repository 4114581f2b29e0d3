"""Live figures and live logs over real HTTP: what is told, to whom, and when a stream ends."""

from dataclasses import replace
from typing import Any

import pytest
import trio
import trio.testing

from helpdesk.actors import Role
from supervisor.states import InstallStep, PluginState
from supervisor.views import LogLine
from tests.webapp.conftest import FakeSupervisor, module_with
from tests.webapp.ears import open_ear
from webapp.context import context_of
from webapp.live.process_watch import PERIOD_S, ProcessWatch

PROBE = "org.example.probe"


async def shelf_with_a_plugin() -> FakeSupervisor:
    shelf = FakeSupervisor()
    await shelf.installs.install(module_with(), source="x", actor="x")
    return shelf


async def test_many_who_watch_share_one_look(autojump_clock: trio.testing.MockClock) -> None:
    watch = ProcessWatch(await shelf_with_a_plugin())
    numbers: list[int] = []

    async def follow() -> None:
        seen = 0
        for _ in range(3):
            seen = (await watch.after(seen)).number
        numbers.append(seen)

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(follow)
    assert numbers == [3] * 20
    assert watch.taken == 3
    assert trio.current_time() - began == pytest.approx(2 * PERIOD_S)


async def test_nobody_looks_while_nobody_watches(autojump_clock: trio.testing.MockClock) -> None:
    watch = ProcessWatch(await shelf_with_a_plugin())
    with trio.move_on_after(1.5):
        await watch.after((await watch.after(0)).number + 5)
    taken = watch.taken
    await trio.sleep(3600)
    assert watch.taken == taken
    assert (await watch.after(0)).number >= taken


async def test_who_leaves_in_the_middle_keeps_nobody_from_the_next_look(
    autojump_clock: trio.testing.MockClock,
) -> None:
    watch = ProcessWatch(await shelf_with_a_plugin())
    first = await watch.after(0)
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(PERIOD_S / 2):
            await watch.after(first.number)
        nursery.start_soon(watch.after, first.number)
    assert watch.taken == 2


async def test_a_page_is_told_every_cell_and_then_what_changed(site: Any) -> None:
    await site.install()
    async with open_ear(await site.as_("admin"), "/admin/plugins/live") as ear:
        assert await ear.next() == ("rows", [PROBE])
        name, first = await ear.next()
        assert name == "cells"
        assert {"plugin", "state", "cpu", "guest", "rate", "last_error"} <= first[PROBE].keys()
        view = site.shelf.views[PROBE]
        site.shelf.views[PROBE] = replace(view, state=PluginState.RUNNING, last_error="<b>it</b>")
        name, changed = await ear.next()
        assert name == "cells"
        assert changed[PROBE].keys() == {"state", "plugin", "last_error"}
        assert changed[PROBE]["state"]["sort"] == "running"
        assert "&lt;b&gt;it" in changed[PROBE]["last_error"]["html"]
        await site.shelf.controls.uninstall(PROBE, actor="x")
        assert await ear.next() == ("rows", [])


async def test_the_page_of_one_plugin_is_told_of_that_one(site: Any) -> None:
    await site.install()
    await site.install(id="org.example.other")
    path = f"/admin/plugins/live?plugin={PROBE}"
    async with open_ear(await site.as_("admin"), path) as ear:
        assert await ear.next() == ("rows", [PROBE])
        assert (await ear.next())[1].keys() == {PROBE}


@pytest.mark.parametrize("path", ["/admin/plugins/live", "/admin/plugins/log/live"])
async def test_an_admin_who_is_none_any_more_is_told_nothing_more(site: Any, path: str) -> None:
    await site.install()
    admin = site.people.admin
    await site.desk.users.update(admin.actor, site.people.staff.id, role=Role.ADMIN)
    async with open_ear(await site.as_("admin"), path) as ear:
        await ear.line()
        await site.desk.users.update(site.people.staff.actor, admin.id, role=Role.USER)
        while (await ear.next())[0] != "end":
            pass
    hub = context_of(site.app.extensions).live
    with trio.fail_after(60):
        while len(hub):
            await trio.testing.wait_all_tasks_blocked(0.01)


@pytest.mark.parametrize("role", ["user", "staff"])
async def test_others_get_no_stream(site: Any, role: str) -> None:
    await site.install()
    begun = await site.shelf.installs.start(module=module_with(), actor="x")
    client = (await site.as_(role)).client
    for path in ("live", "log/live", f"installs/{begun.id}/live"):
        response = await client.get(f"/admin/plugins/{path}")
        assert response.status_code == 403
        assert response.headers["Content-Type"] == "application/json"


async def test_new_lines_arrive_at_an_open_log_as_text(site: Any, hostile: str) -> None:
    await site.install()
    site.shelf.log(LogLine(1, "2026-04-05T14:00:00Z", PROBE, "info", "before", None))
    async with open_ear(
        await site.as_("admin"), "/admin/plugins/log/live?level=warn&after=1"
    ) as ear:
        site.shelf.log(LogLine(2, "2026-04-05T14:00:01Z", PROBE, "info", "too light", None))
        site.shelf.log(LogLine(3, "2026-04-05T14:00:02Z", PROBE, "error", hostile, None))
        name, told = await ear.next()
        assert (name, told["newest"]) == ("lines", 3)
        assert "<script" not in told["html"]
        assert "&lt;script" in told["html"]
        assert "too light" not in told["html"]


async def test_a_log_of_no_plugin_is_not_found(site: Any) -> None:
    client = (await site.as_("admin")).client
    response = await client.get("/admin/plugins/log/live?plugin=com.example.none")
    assert response.status_code == 404


async def test_an_installation_is_told_to_its_end(site: Any, make_module: Any) -> None:
    begun = await site.shelf.installs.start(module=make_module(), source="x", actor="x")
    path = f"/admin/plugins/installs/{begun.id}"
    browser = await site.as_("admin")
    async with open_ear(browser, f"{path}/live") as ear:
        assert (await ear.next())[1]["step"] == "done"
    page = await browser.get(path)
    assert f'data-next="/admin/plugins/{PROBE}/review?done=installed#done"' in page.text
    compiling = replace(begun, id="other", step=InstallStep.COMPILING, source="<i>x</i>")
    site.shelf.begun["other"] = compiling
    listed = await browser.get("/admin/plugins")
    assert 'href="/admin/plugins/installs/other"' in listed.text
    assert "&lt;i&gt;x&lt;/i&gt;</a>: compiling" in listed.text
    assert f"installs/{begun.id}" not in listed.text
    refused = await site.shelf.installs.start(url="https://a.example/x.wasm", actor="x")
    assert (
        "Nothing is at https://a.example/x.wasm"
        in (await browser.get(f"/admin/plugins/installs/{refused.id}")).words()
    )
