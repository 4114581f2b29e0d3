"""A native plugin under ``ohd serve``: ``kill -9`` of any of its processes, and of the server."""

import os
import signal
from typing import Any

import psutil
import trio

from tests.native.packages import native_package
from tests.server_process import PATIENCE_S, ohd, still_there

ID = "goatkit.native-desk"
CONFIG = """
[plugins]
native = true
[limits]
deadline_s = 3.0
"""


async def installed(desk: Any) -> None:
    plugin = await desk.upload(("native.zip", native_package(), "application/zip"))
    assert (plugin["id"], plugin["contract"]) == (ID, "goatkit-native")
    await desk.change(ID, withheld=[], enabled=True)
    await processes(desk)


async def processes(desk: Any) -> dict[str, int]:
    """Wait until both processes run, and return their ids by role."""
    with trio.fail_after(PATIENCE_S):
        while True:
            (found,) = (await desk.call("GET", "/admin/processes"))["data"]
            if found["state"] == "running" and found["parts"]:
                return {part["role"]: part["pid"] for part in found["parts"]}
            await trio.sleep(0.02)


async def in_flight(desk: Any) -> int:
    (found,) = (await desk.call("GET", "/admin/processes"))["data"]
    return int(found["in_flight"])


async def test_a_killed_server_takes_both_along_and_loses_no_event(open_helpdesk):
    desk = await open_helpdesk(CONFIG.replace("3.0", "10.0"))
    await installed(desk)
    before = await processes(desk)
    family = {process.pid for process in psutil.Process(desk.server.pid).children(recursive=True)}
    assert set(before.values()) <= family
    await desk.ticket("hang")
    with trio.fail_after(PATIENCE_S):
        while not await in_flight(desk):  # noqa: ASYNC110 - of another process
            await trio.sleep(0.01)
    await desk.ticket("then")
    await desk.kill()  # and looks that nothing of the family is left
    await desk.start()
    first, second = await desk.deliveries(ID, 2)
    assert (first["outcome"], first["redelivered"]) == ("timeout", True)
    assert second["outcome"] == "ok"


async def test_a_killed_program_or_bridge_is_replaced_with_the_other(open_helpdesk):
    desk = await open_helpdesk(CONFIG)
    await installed(desk)
    for role in ("program", "bridge"):
        before = await processes(desk)
        watched = {pid: os.pidfd_open(pid) for pid in before.values()}
        os.kill(before[role], signal.SIGKILL)
        assert await trio.to_thread.run_sync(still_there, watched) == []
        await desk.ticket(f"after {role}")
    deliveries = await desk.deliveries(ID, 2)
    assert [delivery["outcome"] for delivery in deliveries] == ["ok", "ok"]
    assert await desk.stop() == 0  # and looks that nothing is left


async def test_the_command_line_says_what_is_weaker_and_a_backup_has_it(open_helpdesk, tmp_path):
    desk = await open_helpdesk(CONFIG)
    package = tmp_path / "native.zip"
    package.write_bytes(native_package())
    done = await trio.to_thread.run_sync(
        lambda: ohd("plugin", "install", "native.zip", cwd=tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "where a WebAssembly plugin's process may make 23" in done.stdout
    assert f"ohd plugin grant {ID} native_program" in done.stdout
    await desk.change(ID, withheld=[], enabled=True)
    await processes(desk)
    done = await trio.to_thread.run_sync(lambda: ohd("plugin", "ps", cwd=tmp_path))
    assert [line.split()[0] for line in done.stdout.splitlines()[1:4]] == [ID, "program", "bridge"]
    saved = await trio.to_thread.run_sync(lambda: ohd("backup", "b.tar", cwd=tmp_path))
    assert saved.returncode == 0, saved.stderr
    assert await desk.stop() == 0
    words = ("restore", "b.tar", "--data", "again")
    restored = await trio.to_thread.run_sync(lambda: ohd(*words, cwd=tmp_path))
    assert restored.returncode == 0, restored.stderr
    (tmp_path / "data").rename(tmp_path / "old")
    (tmp_path / "again").rename(tmp_path / "data")
    await desk.start()
    await processes(desk)
