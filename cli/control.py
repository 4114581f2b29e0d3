"""How the command line speaks with a running server: one request a connection, over a socket.

The socket lies in the data directory and only the server's user can open it, which is all the proof
that is asked for: whoever can open it could read the database as well. A request is a msgpack map
``{method, args, kwargs}`` behind a length of four bytes, the answer ``{result}`` or
``{error, problems}``.
"""

import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
import structlog
import trio

from cli.errors import CannotGoOn
from helpdesk.audit import acting_from
from supervisor.errors import ConfigInvalid, SupervisorError
from supervisor.views import KeyRotation, LogLine, PluginView, ProcessView

SOCKET_FILE = "control.sock"
COMMAND_LINE = "command line"
"""Where the audit log says that an action came from."""
_LENGTH = struct.Struct("<I")
_MAX_MESSAGE = 64 << 20
_LONGEST_ADDRESS = 108
_RESULTS: Mapping[str, Any] = {
    "plugins": list[PluginView],
    "processes": list[ProcessView],
    "logs": list[LogLine],
    "install": PluginView,
    "set_enabled": PluginView,
    "set_config": PluginView,
    "uninstall": None,
    "rotate_key": KeyRotation,
}

log = structlog.get_logger("ohd.control")


class PluginAdmin(Protocol):
    """What the command line does with plugins: the service's own methods, here or over there."""

    async def plugins(self) -> Sequence[PluginView]:
        """See PluginService."""
        ...

    async def processes(self) -> Sequence[ProcessView]:
        """See PluginService."""
        ...

    async def logs(self, plugin_id: str | None = None, *, limit: int = 200) -> Sequence[LogLine]:
        """See PluginService."""
        ...

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """See PluginService."""
        ...

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """See PluginService."""
        ...

    async def rotate_key(self, *, actor: str) -> KeyRotation:
        """See PluginService."""
        ...


async def serve_control(
    service: PluginAdmin,
    data: Path,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer requests until cancelled; the caller holds the data directory's lock."""
    path = data / SOCKET_FILE
    path.unlink(missing_ok=True)
    listener = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _address(path) as address:
        mask = os.umask(0o177)
        try:
            await listener.bind(address)
        finally:
            os.umask(mask)
    listener.listen()
    task_status.started()
    try:
        await trio.serve_listeners(partial(_answer, service), [trio.SocketListener(listener)])
    finally:
        path.unlink(missing_ok=True)


async def _answer(service: PluginAdmin, stream: trio.abc.Stream) -> None:
    """Answer one request; whatever is wrong with it, the server goes on."""
    async with stream:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            packed = await _receive(stream)
            with acting_from(COMMAND_LINE):
                answer = await _perform(service, packed)
            await _send(stream, answer)


async def _perform(service: PluginAdmin, packed: bytes) -> dict[str, Any]:
    try:
        request = msgspec.msgpack.decode(packed, type=_Request)
        if request.method not in _RESULTS:
            return {"error": f"the server has no {request.method!r}; is it of another version?"}
        result = await getattr(service, request.method)(*request.args, **request.kwargs)
        return {"result": msgspec.to_builtins(result)}
    except ConfigInvalid as exc:
        return {"error": str(exc), "problems": exc.problems}
    except SupervisorError as exc:
        return {"error": str(exc)}
    except Exception as exc:
        log.exception("command_failed")
        return {"error": f"the server could not do it: {exc}"}


class _Request(msgspec.Struct):
    method: str
    args: list[Any]
    kwargs: dict[str, Any]


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """Give the socket's path in a form that fits into a socket address, which has 108 bytes."""
    if len(os.fsencode(path)) < _LONGEST_ADDRESS:
        yield os.fspath(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


async def _connect(path: Path) -> trio.SocketStream:
    with _address(path) as address:
        return await trio.open_unix_socket(address)


class RunningServer:
    """A PluginAdmin that asks the server of a data directory."""

    def __init__(self, data: Path) -> None:
        self._path = data / SOCKET_FILE

    async def available(self) -> bool:
        """Tell whether a server answers."""
        with suppress(OSError):
            await (await _connect(self._path)).aclose()
            return True
        return False

    async def plugins(self) -> Sequence[PluginView]:
        """See PluginService."""
        return cast(list[PluginView], await self._ask("plugins"))

    async def processes(self) -> Sequence[ProcessView]:
        """See PluginService."""
        return cast(list[ProcessView], await self._ask("processes"))

    async def logs(self, plugin_id: str | None = None, *, limit: int = 200) -> Sequence[LogLine]:
        """See PluginService."""
        return cast(list[LogLine], await self._ask("logs", plugin_id, limit=limit))

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """See PluginService."""
        view = await self._ask("install", module, source=source, actor=actor)
        return cast(PluginView, view)

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """See PluginService."""
        view = await self._ask("set_enabled", plugin_id, enabled, actor=actor)
        return cast(PluginView, view)

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """See PluginService."""
        view = await self._ask("set_config", plugin_id, dict(values), actor=actor)
        return cast(PluginView, view)

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """See PluginService."""
        await self._ask("uninstall", plugin_id, actor=actor)

    async def rotate_key(self, *, actor: str) -> KeyRotation:
        """See PluginService."""
        return cast(KeyRotation, await self._ask("rotate_key", actor=actor))

    async def _ask(self, method: str, *args: object, **kwargs: object) -> Any:
        try:
            async with await _connect(self._path) as stream:
                await _send(stream, {"method": method, "args": args, "kwargs": kwargs})
                answer = msgspec.msgpack.decode(await _receive(stream))
        except (OSError, trio.BrokenResourceError):
            raise CannotGoOn("the server ended before it answered; look at its log") from None
        if "error" in answer:
            raise CannotGoOn(answer["error"])
        return msgspec.convert(answer["result"], _RESULTS[method])


async def _send(stream: trio.abc.Stream, message: Mapping[str, object]) -> None:
    packed = msgspec.msgpack.encode(message)
    await stream.send_all(_LENGTH.pack(len(packed)) + packed)


async def _receive(stream: trio.abc.Stream) -> bytes:
    (length,) = _LENGTH.unpack(await _exactly(stream, _LENGTH.size))
    if length > _MAX_MESSAGE:
        raise trio.BrokenResourceError(f"a message of {length} bytes")
    return await _exactly(stream, length)


async def _exactly(stream: trio.abc.Stream, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        chunk = await stream.receive_some(count - len(received))
        if not chunk:
            raise trio.BrokenResourceError("the other side ended in the middle of a message")
        received += chunk
    return bytes(received)
