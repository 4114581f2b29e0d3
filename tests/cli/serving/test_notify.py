"""What the service manager hears, on a real socket of its own kind."""

import os
import socket
from pathlib import Path

import pytest
import trio

from cli.serving.notify import Notifier


class Manager:
    """Listens as systemd does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    async def listen(self) -> None:
        await self._socket.bind(self.address.replace("@", "\0"))

    async def hear(self) -> list[str]:
        with trio.fail_after(120):
            return (await self._socket.recv(4096)).decode().splitlines()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
async def manager(request, tmp_path: Path):
    named = f"@ohd-test-{os.getpid()}-{tmp_path.name}"
    listening = Manager(str(tmp_path / "notify") if request.param == "path" else named)
    await listening.listen()
    yield listening
    listening.close()


async def test_the_manager_hears_of_every_step_of_a_server(manager):
    told = Notifier(manager.address)
    await told.ready("Serving")
    assert await manager.hear() == ["READY=1", "STATUS=Serving"]
    await told.reloading()
    first, second = await manager.hear()
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0
    await told.stopping()
    assert (await manager.hear())[0] == "STOPPING=1"


async def test_a_status_stays_on_its_line(manager):
    await Notifier(manager.address).ready("a\nREADY=0")
    assert await manager.hear() == ["READY=1", "STATUS=a READY=0"]


async def test_the_watchdog_is_fed_twice_in_each_period(manager, nursery, autojump_clock):
    nursery.start_soon(Notifier(manager.address, watchdog_s=10.0).keep_alive)
    began = trio.current_time()
    for _ in range(3):
        assert await manager.hear() == ["WATCHDOG=1"]
    assert trio.current_time() - began == pytest.approx(10.0)
    nursery.cancel_scope.cancel()


async def test_nobody_listening_changes_nothing(tmp_path):
    await Notifier(None).ready("Serving")
    await Notifier(str(tmp_path / "nobody")).ready("Serving")
    await Notifier(None).keep_alive()


def test_the_managers_words_are_taken_out_of_the_environment():
    environ = {
        "NOTIFY_SOCKET": "/run/notify",
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": str(os.getpid()),
        "HOME": "/home/ohd",
    }
    assert Notifier.from_environment(environ).watchdog_s == 30.0
    assert environ == {"HOME": "/home/ohd"}


@pytest.mark.parametrize(
    "environ",
    [
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {},
    ],
)
def test_a_watchdog_that_is_not_meant_or_not_readable_is_none(environ):
    assert Notifier.from_environment(environ).watchdog_s is None
