"""A plugin over net/rpc: a state machine that is fed with bytes, and gives bytes and events.

::

    stream 1  control: dispense, ping, quit        stream 3  what the plugin prints
    stream 7  the plugin's calls: register, init,  stream 5  what it prints as errors
              call, shutdown                       even one  the plugin's calls of the host

A stream to a service begins with the service's number, four bytes, little endian, which the side
that accepts it sends back. The host's service is served from ``init`` on, as plugins ask for data
inside of it. Sources: rpc_client.go and mux_broker.go of go-plugin.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox_child.gob.decoder import Caps
from sandbox_child.gob.types import A_BOOL, A_STRING, NOTHING, Type
from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.happenings import (
    HEALTH_PING,
    MAIN,
    Dispensed,
    Happening,
    HostCalled,
    Printed,
    Returned,
)
from sandbox_child.goplugin.netrpc import Answer, Caller, Request, Server
from sandbox_child.goplugin.shapes import CALL, CALL_ANSWER, INIT
from sandbox_child.yamux.events import DataReceived, Event, StreamEnded, StreamOpened
from sandbox_child.yamux.session import Session

HOST_SERVICE: Final = 1
"""Number of the host's service; the plugin is told it by ``init``."""
_PLUGIN: Final = "gkplugin"
_ID: Final = struct.Struct("<I")
_MAX_UNSENT: Final = 16 * 1024 * 1024
"""Bytes of answers that wait for a plugin which does not read them."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where a call of the host came from."""

    stream: int
    request: Request


class Host:
    """See the module.

    What is fed with a plugin's bytes raises an error of ``yamux``, ``gob`` or this package, which
    ends the connection.
    """

    def __init__(self, caps: Caps) -> None:
        """``caps`` bound one message of the plugin."""
        self._caps = caps
        self._session = Session()
        self._control_stream = self._session.open()
        self._stdout = self._session.open()
        self._stderr = self._session.open()
        self._control = Caller(caps)
        _, data = self._control.call("Dispenser.Dispense", A_STRING, _PLUGIN)
        self._session.send(self._control_stream, data)
        self._plugin_stream = 0
        self._plugin_id = b""
        self._plugin: Caller | None = None
        self._greeting: dict[int, bytearray] = {}
        """The first four bytes of streams that are not served yet."""
        self._servers: dict[int, Server] = {}
        self._registering = 0

    def output(self, _link: int = MAIN) -> bytes:
        """Return what is to be written; ask again once all of it has been."""
        return self._session.output()

    def open_link(self, _link: int) -> None:
        """Refuse: everything goes over one connection."""
        raise GoPluginError("a second connection")

    def close_link(self, _link: int) -> None:
        """Do nothing: there is no link but the one whose end ends everything."""

    def register(self) -> int:
        """Ask for the plugin's manifest; return the number of the call."""
        self._registering = self._call("Plugin.GKRegister", NOTHING, None)
        return self._registering

    def init(self, config: Mapping[str, str]) -> int:
        """Hand the plugin its settings."""
        return self._call("Plugin.Init", INIT, {"Config": config, "HostAPIID": HOST_SERVICE})

    def call(self, function: str, arguments: bytes, _milliseconds: int | None = None) -> int:
        """Call a function of the plugin; net/rpc has no word for how long it may take."""
        return self._call("Plugin.Call", CALL, {"Function": function, "Args": arguments})

    def ping(self) -> int:
        """Ask whether it is well: whatever it answers means that it is."""
        return self.call(HEALTH_PING, b"")

    def shutdown(self) -> int:
        """Let the plugin finish."""
        return self._call("Plugin.Shutdown", NOTHING, None)

    def quit(self) -> None:
        """Ask the program to end; no answer is waited for."""
        _, data = self._control.call("Control.Quit", A_BOOL, True)
        self._session.send(self._control_stream, data)

    def answer(self, called: HostCalled, result: bytes, error: str = "") -> None:
        """Answer a call of the plugin: its JSON, or why it failed."""
        asked = called.request
        if not isinstance(asked, _Asked):
            raise TypeError("a call of another protocol")
        server = self._servers.get(asked.stream)
        if server is None:
            return
        body = {"Result": result, "Error": error}
        self._session.send(asked.stream, server.answer(asked.request, CALL_ANSWER, body))
        if self._session.unsent(asked.stream) + self._session.unwritten > _MAX_UNSENT:
            raise GoPluginError("it asks the host and does not read the answers")

    def feed(self, data: bytes, _link: int = MAIN) -> list[Happening]:
        """Return what ``data`` from the plugin tells."""
        happened: list[Happening] = []
        for event in self._session.feed(data):
            self._take(event, happened)
        return happened

    def _call(self, method: str, kind: Type, body: Any) -> int:
        if self._plugin is None:
            raise RuntimeError("a plugin was called before its stream stood")
        number, data = self._plugin.call(method, kind, body)
        self._session.send(self._plugin_stream, data)
        return number

    def _take(self, event: Event, happened: list[Happening]) -> None:
        if isinstance(event, DataReceived):
            self._session.consumed(event.stream, len(event.data))
            self._data(event.stream, event.data, happened)
        elif isinstance(event, StreamOpened):
            self._greeting[event.stream] = bytearray()
        elif isinstance(event, StreamEnded):
            self._stream_ended(event)
        else:
            raise GoPluginError("it went away")

    def _stream_ended(self, event: StreamEnded) -> None:
        if event.stream in (self._control_stream, self._plugin_stream):
            raise GoPluginError("it closed the stream of its calls")
        self._greeting.pop(event.stream, None)
        self._servers.pop(event.stream, None)
        self._session.close(event.stream)

    def _data(self, stream: int, data: bytes, happened: list[Happening]) -> None:
        if stream in (self._stdout, self._stderr):
            happened.append(Printed(data, is_error=stream == self._stderr))
        elif stream == self._control_stream:
            for answer in self._control.feed(data):
                self._dispensed(answer)
        elif stream == self._plugin_stream:
            self._from_plugin(data, happened)
        elif stream in self._servers:
            self._called(stream, data, happened)
        else:
            self._greet(stream, data, happened)

    def _dispensed(self, answer: Answer) -> None:
        if self._plugin_stream:
            return  # it has quit
        if answer.error:
            raise GoPluginError(f"it has no plugin {_PLUGIN!r}: {answer.error[:200]}")
        if type(answer.body) is not int or not 0 <= answer.body < 1 << 32:
            raise GoPluginError("it dispensed something that is no number")
        self._plugin_id = _ID.pack(answer.body)
        self._plugin_stream = self._session.open()
        self._greeting[self._plugin_stream] = bytearray()
        self._session.send(self._plugin_stream, self._plugin_id)

    def _from_plugin(self, data: bytes, happened: list[Happening]) -> None:
        if self._plugin is None:
            greeting = self._greeting[self._plugin_stream]
            need = _ID.size - len(greeting)
            greeting += data[:need]
            if len(greeting) < _ID.size:
                return
            if greeting != self._plugin_id:
                raise GoPluginError("it answered for another service than the one asked for")
            self._plugin = Caller(self._caps)
            happened.append(Dispensed())
            data = data[need:]
        happened += [self._returned(answer) for answer in self._plugin.feed(data)]

    def _returned(self, answer: Answer) -> Returned:
        body = answer.body
        if answer.error:
            return Returned(answer.seq, answer.error, b"")
        if answer.seq == self._registering:
            # The first generation gives the manifest as a structure, later ones as JSON.
            is_structure = isinstance(body, dict)
            return Returned(answer.seq, "", _json(body) if is_structure else _bytes(body))
        if not isinstance(body, dict):
            return Returned(answer.seq, "", b"")
        error = body.get("Error", "")
        if not isinstance(error, str):
            raise GoPluginError("an answer whose error is no text")
        return Returned(answer.seq, error, _bytes(body.get("Result")))

    def _greet(self, stream: int, data: bytes, happened: list[Happening]) -> None:
        greeting = self._greeting[stream]
        need = _ID.size - len(greeting)
        greeting += data[:need]
        if len(greeting) < _ID.size:
            return
        del self._greeting[stream]
        if greeting != _ID.pack(HOST_SERVICE):
            self._session.reset(stream)
            return
        self._session.send(stream, bytes(greeting))
        self._servers[stream] = Server(self._caps)
        self._called(stream, data[need:], happened)

    def _called(self, stream: int, data: bytes, happened: list[Happening]) -> None:
        server = self._servers[stream]
        for request in server.feed(data):
            body = request.body
            function = body.get("Method", "") if isinstance(body, dict) else None
            if request.method != "Plugin.Call" or not isinstance(function, str):
                error = f"the host has only Plugin.Call, not {request.method[:100]}"
                self._session.send(stream, server.answer(request, CALL_ANSWER, {}, error))
                continue
            arguments = _bytes(body.get("Args"))
            happened.append(HostCalled(_Asked(stream, request), function, arguments))


def _bytes(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise GoPluginError("an answer that is neither bytes nor text")
    return value


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, default=_plain).encode()
    except (TypeError, ValueError, RecursionError):
        raise GoPluginError("a registration that cannot be written as JSON") from None


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError
