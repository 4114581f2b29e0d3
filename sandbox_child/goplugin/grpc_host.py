"""A plugin over gRPC: a state machine that is fed with bytes, and gives bytes and events.

::

    main link     we call: the plugin's service, health, what it prints, the broker, the controller
    other links   the plugin calls the host's service; it opens them as the broker says where

The broker's word goes out just before ``init``, as go-plugin forgets what nobody dials for five
seconds. Sources: grpc_client.go, grpc_broker.go, grpc_stdio.go and grpc_controller.go of go-plugin.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.happenings import (
    HEALTH_PING,
    MAIN,
    Dispensed,
    Happening,
    HostCalled,
    Left,
    Printed,
    Returned,
)
from sandbox_child.goplugin.host_methods import METHODS, SERVICE, BadRequest, Failed, Method
from sandbox_child.goplugin.manifest import read_registration
from sandbox_child.grpc.client import Client
from sandbox_child.grpc.connection import Caps
from sandbox_child.grpc.events import Asked, Ended, Event, GoingAway, Received
from sandbox_child.grpc.server import Server
from sandbox_child.grpc.status import Code, Status
from sandbox_child.protos import goatkit_pb2 as pb
from sandbox_child.protos.goplugin_pb2 import ConnInfo, StdioData

HOST_SERVICE: Final = 1
"""The broker's number of the host's service; the plugin is told it by ``init``."""
_M = TypeVar("_M", bound=Message)
_PLUGIN: Final = "/goatkit.plugin.v1.GKPlugin/"
_EMPTY: Final = b""
_SERVING: Final = 1
_WORDS: Final = {0: "UNKNOWN", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}


class _Kind(enum.Enum):
    """What one of our calls is for."""

    REGISTER = enum.auto()
    INIT = enum.auto()
    CALL = enum.auto()
    SHUTDOWN = enum.auto()
    START = enum.auto()
    """Asks for the plugin's health before anything else."""
    PING = enum.auto()
    STDIO = enum.auto()
    BROKER = enum.auto()
    QUIT = enum.auto()


_OWN: Final = (_Kind.REGISTER, _Kind.INIT, _Kind.CALL, _Kind.SHUTDOWN)


@dataclass(slots=True)
class _Call:
    kind: _Kind
    message: bytes = field(default=b"")


@dataclass(frozen=True, slots=True)
class _Request:
    """Where a call of the host came from."""

    link: int
    call: int
    method: Method


class GrpcHost:
    """See the module; the rest is the interface's."""

    def __init__(self, caps: Caps, address: str, *, tls: bool = False) -> None:
        """``address``: path of the socket on which the plugin reaches the host's service."""
        self._caps = caps
        self._address = address
        self._client = Client(caps, tls=tls)
        self._servers: dict[int, Server] = {}
        self._calls: dict[int, _Call] = {}
        self._has_health = True
        self._quitting = False
        stdio = self._client.listen("/plugin.GRPCStdio/StreamStdio", _EMPTY)
        self._calls[stdio] = _Call(_Kind.STDIO)
        self._broker: int | None = self._client.converse("/plugin.GRPCBroker/StartStream")
        self._calls[self._broker] = _Call(_Kind.BROKER)
        self._check_health(_Kind.START)

    def output(self, link: int = MAIN) -> bytes:
        """Return what is to be written on a link; ask again once all of it has been."""
        return self._client.output() if link == MAIN else self._servers[link].output()

    def open_link(self, link: int) -> None:
        """Take a connection that the plugin has opened."""
        self._servers[link] = Server(self._caps)

    def close_link(self, link: int) -> None:
        """Forget such a connection, which has ended."""
        self._servers.pop(link, None)

    def register(self) -> int:
        """Ask for the plugin's manifest."""
        return self._ask(_Kind.REGISTER, "GKRegister", pb.Empty())

    def init(self, config: Mapping[str, str]) -> int:
        """Hand the plugin its settings, and say where the host's service is."""
        if self._broker is not None:
            info = ConnInfo(service_id=HOST_SERVICE, network="unix", address=self._address)
            self._client.say(self._broker, info.SerializeToString())
        request = pb.InitRequest(config=config, host_service=HOST_SERVICE)
        return self._ask(_Kind.INIT, "Init", request)

    def call(self, function: str, arguments: bytes, milliseconds: int | None = None) -> int:
        """Call a function of the plugin, which is told how long it may take."""
        request = pb.CallRequest(function=function, args_json=arguments)
        return self._ask(_Kind.CALL, "Call", request, milliseconds)

    def ping(self) -> int:
        """Ask whether it is well, by its health service where it has one."""
        if self._has_health:
            return self._check_health(_Kind.PING)
        return self.call(HEALTH_PING, b"")

    def shutdown(self) -> int:
        """Let the plugin finish."""
        return self._ask(_Kind.SHUTDOWN, "Shutdown", pb.Empty())

    def quit(self) -> None:
        """Ask the program to end; no answer is waited for."""
        self._quitting = True
        call = self._client.call("/plugin.GRPCController/Shutdown", _EMPTY)
        self._calls[call] = _Call(_Kind.QUIT)

    def answer(self, called: HostCalled, result: bytes, error: str = "") -> None:
        """Answer a call of the plugin: its JSON, or why it failed."""
        request = called.request
        if not isinstance(request, _Request):
            raise TypeError("a call of another protocol")
        server = self._servers.get(request.link)
        if server is None:
            return
        try:
            answer = request.method.fail(error) if error else request.method.answer(result)
        except Failed as failed:
            server.refuse(request.call, Status(Code.UNKNOWN, str(failed)))
        except (KeyError, TypeError, ValueError):
            text = "the host function answered something else than this method returns"
            server.refuse(request.call, Status(Code.INTERNAL, text))
        else:
            server.answer(request.call, answer.SerializeToString())

    def feed(self, data: bytes, link: int = MAIN) -> list[Happening]:
        """Return what ``data`` from the plugin tells."""
        if link != MAIN:
            server = self._servers[link]
            asked = server.feed(data)
            return [called for each in asked if (called := _called(link, server, each))]
        happened: list[Happening] = []
        for event in self._client.feed(data):
            self._take(event, happened)
        return happened

    def _ask(
        self, kind: _Kind, method: str, request: Message, milliseconds: int | None = None
    ) -> int:
        message = request.SerializeToString()
        call = self._client.call(_PLUGIN + method, message, milliseconds=milliseconds)
        self._calls[call] = _Call(kind)
        return call

    def _check_health(self, kind: _Kind) -> int:
        # Both messages of that service have one field, of the number and kind that these have.
        request = StringValue(value="plugin").SerializeToString()
        call = self._client.call("/grpc.health.v1.Health/Check", request)
        self._calls[call] = _Call(kind)
        return call

    def _take(self, event: Event, happened: list[Happening]) -> None:
        if isinstance(event, GoingAway):
            if not self._quitting:
                raise GoPluginError("it went away")
        elif isinstance(event, Received):
            self._received(event, happened)
        else:
            self._ended(event, happened)

    def _received(self, event: Received, happened: list[Happening]) -> None:
        call = self._calls[event.call]
        if call.kind is _Kind.STDIO:
            said = _parse(StdioData, event.message)
            if said.channel in (StdioData.STDOUT, StdioData.STDERR):
                is_error = said.channel == StdioData.STDERR
                happened.append(Printed(said.data, is_error=is_error))
        elif call.kind is not _Kind.BROKER:  # what the plugin serves is of no use to this host
            call.message = event.message

    def _ended(self, event: Ended, happened: list[Happening]) -> None:
        call = self._calls.pop(event.call)
        if call.kind is _Kind.BROKER:
            self._broker = None
        elif call.kind is _Kind.QUIT:
            # Without that service only the supervisor ends it; with it its connection ends.
            if event.status.code == Code.UNIMPLEMENTED:
                happened.append(Left())
        elif call.kind in (_Kind.START, _Kind.PING):
            happened.append(self._health(event, call))
        elif call.kind in _OWN:
            happened.append(_returned(event, call))

    def _health(self, event: Ended, call: _Call) -> Happening:
        why = ""
        if event.status.code == Code.UNIMPLEMENTED:
            self._has_health = False
        elif not event.status.ok:
            why = f"its health service failed: {event.status}"
        else:
            status = _parse(Int32Value, call.message).value
            if status != _SERVING:
                why = f"its health service says {_WORDS.get(status, 'something unknown')}"
        if call.kind is _Kind.PING:
            return Returned(event.call, why, b'{"status":"SERVING"}')
        if why:
            raise GoPluginError(f"{why}; expected SERVING for the service 'plugin'")
        return Dispensed()


def _returned(event: Ended, call: _Call) -> Returned:
    if event.status.code == Code.UNIMPLEMENTED and call.kind is _Kind.REGISTER:
        return Returned(event.call, "it does not serve goatkit.plugin.v1.GKPlugin", b"")
    if not event.status.ok:
        return Returned(event.call, str(event.status), b"")
    if call.kind is _Kind.REGISTER:
        return Returned(event.call, "", read_registration(call.message))
    if call.kind is _Kind.CALL:
        answer = _parse(pb.CallResponse, call.message)
        return Returned(event.call, answer.error, answer.result_json)
    return Returned(event.call, "", b"")


def _called(link: int, server: Server, asked: Asked) -> HostCalled | None:
    name = asked.path.removeprefix(SERVICE)
    method = METHODS.get(name) if asked.path.startswith(SERVICE) else None
    if method is None:
        text = f"the host serves goatkit.plugin.v1.GKHost: {', '.join(METHODS)}"
        server.refuse(asked.call, Status(Code.UNIMPLEMENTED, text))
        return None
    try:
        function, arguments = method.read(asked.message)
    except BadRequest as exc:
        server.refuse(asked.call, Status(Code.INVALID_ARGUMENT, str(exc)))
        return None
    return HostCalled(_Request(link, asked.call, method), function, arguments)


def _parse(kind: type[_M], data: bytes) -> _M:
    try:
        found: _M = kind.FromString(data)
    except DecodeError:
        raise GoPluginError("an answer that is no message of the kind that was asked for") from None
    return found
