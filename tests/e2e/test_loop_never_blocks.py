"""No step of the server's loop holds up the rest: what may take long is done by threads, or not."""

import json
import sqlite3
import sys
import time

import pytest
import trio

from sandbox_child.wasm.sections import replace_custom_section
from tests.e2e.watched_server import Watch

LONGEST_STEP_S = 0.020
BULK = 8 << 20
TICKETS = 20
SETTINGS = "[limits]\ndeadline_s = 0.5\n"


@pytest.fixture
async def desk(open_helpdesk, tmp_path, monkeypatch):
    command = (sys.executable, "-m", "tests.e2e.watched_server", str(tmp_path / "steps.json"))
    monkeypatch.setattr("tests.server_process.OHD", command)
    return await open_helpdesk(SETTINGS)


async def install_bulky(desk):
    """Upload a plugin that is large and takes no time to compile: only its bytes are many."""
    guest = desk.guest
    desk.guest = lambda name: replace_custom_section(guest(name), "bulk", bytes(BULK))
    try:
        return await desk.install("wat/noop")
    finally:
        desk.guest = guest


async def show(desk, path):
    page = await desk.client.get(path)
    assert page.status_code == 200, f"{path}: {page.text}"


async def test_the_loop_never_blocks(desk, tmp_path):
    noop = await install_bulky(desk)
    panel = await desk.install("wat/panel_multi")
    loop, trap, flood = [await desk.install(f"wat/{n}") for n in ("loop", "trap", "log_flood")]
    ticket = await desk.ticket()
    async with trio.open_nursery() as nursery:
        for _ in range(TICKETS):
            nursery.start_soon(desk.ticket)
    # What traps is switched off after some events, and what loops takes its time for each.
    for plugin, count in ((noop, TICKETS), (flood, TICKETS), (trap, 1), (loop, 1)):
        await desk.deliveries(plugin, count)
    for plugin in (noop, flood):
        for page in ("", "/log", "/deliveries"):
            await show(desk, f"/admin/plugins/{plugin}{page}")
    pages = ("/tickets", "/admin/plugins", "/admin/egress", "/admin/audit", "/admin/settings")
    for page in (f"/tickets/{ticket['id']}", f"/tickets/{ticket['id']}/panels/{panel}", *pages):
        await show(desk, page)
    await desk.change(noop, enabled=False)
    await desk.call("DELETE", f"/admin/plugins/{noop}")
    assert await desk.stop() == 0
    report = json.loads((tmp_path / "steps.json").read_text())
    assert report["steps"] > 1_000
    slow = [step for step in report["dearest"] if step[0] > LONGEST_STEP_S]
    assert slow == []
    assert report["waits"] == []


async def test_the_watch_sees_a_step_that_blocks_and_a_call_that_may_wait(tmp_path):
    watch = Watch(serving=True)
    watch.before_run()
    trio.lowlevel.add_instrument(watch)
    await trio.lowlevel.checkpoint()
    end = time.thread_time() + 2 * LONGEST_STEP_S
    while time.thread_time() < end:
        pass
    await trio.lowlevel.checkpoint()
    await trio.to_thread.run_sync(lambda: sqlite3.connect(tmp_path / "by-a-thread").close())
    assert watch.waits == set()
    sqlite3.connect(tmp_path / "by-a-step").close()
    await trio.lowlevel.checkpoint()
    trio.lowlevel.remove_instrument(watch)
    assert watch.dearest[0][0] > LONGEST_STEP_S
    [waits] = watch.waits
    assert waits.startswith("sqlite3.connect in test_the_watch_sees")
