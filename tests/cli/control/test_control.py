"""The socket between the command and the server: whatever comes over it, the server goes on."""

import os
import stat
import struct
from contextlib import asynccontextmanager
from types import SimpleNamespace

import msgspec
import pytest
import trio

from cli.control.socket import SOCKET_FILE, RunningServer, serve_control
from cli.errors import CannotGoOn
from supervisor.errors import ConfigInvalid, PluginNotFound


class Overview:
    """Answers as the supervisor does, or as one that is out of order."""

    async def plugins(self):
        return []

    async def processes(self):
        raise RuntimeError("out of order")


class Controls:
    async def set_config(self, plugin_id, values, *, actor):
        raise ConfigInvalid(plugin_id, {"token": "this field is required"})

    async def uninstall(self, plugin_id, *, actor):
        raise PluginNotFound(plugin_id)


@pytest.fixture
async def data(tmp_path, nursery):
    await nursery.start(
        serve_control, SimpleNamespace(overview=Overview(), controls=Controls()), tmp_path
    )
    return tmp_path


@asynccontextmanager
async def raw(data):
    async with await trio.open_unix_socket(os.fspath(data / SOCKET_FILE)) as stream:
        yield stream


async def test_only_the_servers_user_can_open_the_socket(data):
    assert stat.S_IMODE((data / SOCKET_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x03",
        struct.pack("<I", 3) + b"\xff\xff\xff",
        struct.pack("<I", 100) + b"half",
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<I", 1) + msgspec.msgpack.encode(5),
        struct.pack("<I", 1) + msgspec.msgpack.encode({}),
    ],
)
async def test_a_request_that_is_none_ends_itself_alone(data, sent):
    async with raw(data) as stream:
        await stream.send_all(sent)
        await stream.send_eof()
        while await stream.receive_some(4096):
            pass
    assert await RunningServer(data).overview.plugins() == []


async def test_errors_come_back_as_their_sentences(data):
    server = RunningServer(data)
    with pytest.raises(CannotGoOn, match="token: this field is required"):
        await server.controls.set_config("org.example.x", {}, actor="test")
    with pytest.raises(CannotGoOn, match=r"no plugin with the id 'org\.example\.x'"):
        await server.controls.uninstall("org.example.x", actor="test")


async def test_a_fault_of_the_server_is_said_and_survived(data):
    with pytest.raises(CannotGoOn, match="the server failed: out of order"):
        await RunningServer(data).overview.processes()
    assert await RunningServer(data).overview.plugins() == []


async def test_a_method_that_is_not_for_the_command_line_is_refused(data):
    with pytest.raises(CannotGoOn, match="has no method '__class__'"):
        await RunningServer(data)._ask("__class__")


async def test_no_server_is_no_server(tmp_path):
    assert not await RunningServer(tmp_path).available()
    (tmp_path / SOCKET_FILE).write_bytes(b"")
    assert not await RunningServer(tmp_path).available()
    with pytest.raises(CannotGoOn):
        await RunningServer(tmp_path).overview.plugins()
