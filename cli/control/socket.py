"""Protocol between the command line and a running server: one request per connection.

The socket lies in the data directory and only the server's user can open it, which is all the proof
that is asked for: whoever can open it could read the database too. A request is a msgpack map
``{method, args, kwargs}`` after a length of four bytes, where ``method`` is ``room.name``; the
answer is ``{result}`` or ``{error, problems}``.
"""

import inspect
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import structlog
import trio

from cli.control.methods import METHODS, types_of
from cli.errors import CannotGoOn
from helpdesk.audit import acting_from
from helpdesk.errors import HelpDeskError
from helpdesk.inbound.intake import Intake
from helpdesk.inbound.reading import ReaderAway
from supervisor.errors import ConfigInvalid, LimitsInvalid, SupervisorError
from supervisor.service import Supervisor

SOCKET_FILE = "control.sock"
COMMAND_LINE = "command line"
"""Origin of an action in the audit log."""
_LENGTH = struct.Struct("<I")
_MAX_MESSAGE = 64 << 20
_LONGEST_ADDRESS = 108
log = structlog.get_logger("ohd.control")


async def serve_control(
    service: Supervisor,
    data: Path,
    *,
    intake: Intake | None = None,
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
        await trio.serve_listeners(
            partial(_answer, _Rooms(service, intake)), [trio.SocketListener(listener)]
        )
    finally:
        path.unlink(missing_ok=True)


class _Rooms:
    """What METHODS speaks of: the supervisor's rooms, and the intake of mail."""

    def __init__(self, service: Supervisor, intake: Intake | None) -> None:
        self._service = service
        self.intake = intake

    def __getattr__(self, room: str) -> object:
        """Return a room of the supervisor."""
        return getattr(self._service, room)


async def _answer(service: _Rooms, stream: trio.abc.Stream) -> None:
    """Answer one request; whatever is wrong with it, the server goes on."""
    async with stream:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            packed = await _receive(stream)
            with acting_from(COMMAND_LINE):
                answer = await _perform(service, packed)
            await _send(stream, answer)


async def _perform(service: _Rooms, packed: bytes) -> dict[str, Any]:
    try:
        request = msgspec.msgpack.decode(packed, type=_Request)
        if request.method not in METHODS:
            return {"error": f"the server has no method {request.method!r}; is it another version?"}
        result = await attrgetter(request.method)(service)(**_arguments(request))
        return {"result": msgspec.to_builtins(result)}
    except (ConfigInvalid, LimitsInvalid) as exc:
        return {"error": str(exc), "problems": exc.problems}
    except (SupervisorError, HelpDeskError, ReaderAway) as exc:
        return {"error": str(exc)}
    except Exception as exc:
        log.exception("command_failed")
        return {"error": f"the server failed: {exc}"}


class _Request(msgspec.Struct):
    method: str
    args: list[Any]
    kwargs: dict[str, Any]


def _arguments(request: _Request) -> dict[str, Any]:
    """Return the arguments by name, each of the type that the method expects."""
    signature = inspect.signature(METHODS[request.method])
    given = signature.bind(None, *request.args, **request.kwargs).arguments
    types = types_of(request.method)
    return {
        name: msgspec.convert(value, types[name]) for name, value in given.items() if name in types
    }


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
    """A Supervisor that runs in another process; has the methods that METHODS lists."""

    def __init__(self, data: Path) -> None:
        self._path = data / SOCKET_FILE

    async def available(self) -> bool:
        """Tell whether a server answers."""
        with suppress(OSError):
            await (await _connect(self._path)).aclose()
            return True
        return False

    def __getattr__(self, room: str) -> "_Room":
        """Return what asks the server for the methods of one room."""
        if not any(method.startswith(f"{room}.") for method in METHODS):
            raise AttributeError(room)
        return _Room(self, room)

    async def _ask(self, method: str, *args: object, **kwargs: object) -> Any:
        try:
            async with await _connect(self._path) as stream:
                await _send(stream, {"method": method, "args": args, "kwargs": kwargs})
                answer = msgspec.msgpack.decode(await _receive(stream))
        except (OSError, trio.BrokenResourceError):
            raise CannotGoOn("the server stopped before it responded; see its log") from None
        if "error" in answer:
            raise CannotGoOn(answer["error"])
        return msgspec.convert(answer["result"], types_of(method)["return"])


class _Room:
    """One room of a Supervisor that runs in another process."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self._server = server
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        if (full := f"{self._name}.{method}") not in METHODS:
            raise AttributeError(full)
        return partial(self._server._ask, full)  # noqa: SLF001 - two halves of one thing


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
