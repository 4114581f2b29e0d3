"""One request on its way to the app: a person's first, strangers' one at a time.

A person is somebody whose session or API key was good a moment ago; everybody else is a stranger,
told apart by network address. People have two places each. Strangers share one, which goes round
between their addresses, and they wait while a person's request is worked on. A request holds its
place until its response begins; it gets none before its body is there, so that nobody waits for a
peer.
"""

import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import trio

from webapp.admission.gate import Crowded, Gate, Place
from webapp.admission.known import KnownCredentials
from webapp.config import KIB, WebConfig
from webapp.security.headers import security_headers
from webapp.security.origin import client_address

BUFFERED_BYTES = 64 * KIB
"""A stranger's body up to this size is taken in whole before anybody works on it."""
WAIT_S = 15.0
"""A stranger waits so long for a place, then is asked to come again."""
STRANGERS_AT_ONCE = 1
_RETRY_AFTER_S = 2

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


def _people() -> Gate:
    return Gate(most=4, most_each=2, hold_s=0.15, waiting_each=200)


@dataclass(eq=False)
class Admission:
    """Whose turn it is, for one server."""

    known: KnownCredentials
    people: Gate = field(default_factory=_people)

    def __post_init__(self) -> None:
        """Make the gates that yield to people."""
        self.strangers = Gate(
            most=STRANGERS_AT_ONCE,
            most_each=1,
            hold_s=0.1,
            waiting_each=100,
            yields_to=self.people,
        )
        self.pieces = Gate(
            most=STRANGERS_AT_ONCE,
            most_each=1,
            hold_s=1.0,
            waiting_each=100_000,
            yields_to=self.people,
        )
        """For what strangers send, before it is taken apart."""

        self.log_ins = Gate(most=2, most_each=1, hold_s=30.0, waiting_each=50)
        """For checking passwords."""

    async def run(self) -> None:
        """Keep the gates going; runs until cancelled."""
        async with trio.open_nursery() as nursery:
            for gate in (self.people, self.strangers, self.pieces, self.log_ins):
                nursery.start_soon(gate.run)


class AdmittedApp:
    """The app, behind the admission of each request."""

    def __init__(self, app: App, admission: Admission, config: WebConfig) -> None:
        self._app = app
        self._admission = admission
        self._config = config

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        person = self._admission.known.person_of(scope["headers"])
        try:
            if person is None:
                await self._serve_stranger(scope, receive, send)
            else:
                await self._serve_person(person, scope, receive, send)
        except Crowded:
            await self._turn_away(
                scope, send, 429, "too many requests from you at once; try again in a moment"
            )

    async def _serve_person(self, person: str, scope: Any, receive: Receive, send: Send) -> None:
        if (connection := scope.get("state", {}).get("connection")) is not None:
            connection.trust(person)
        gate = self._admission.people
        await self._work(gate, await gate.enter(person), scope, receive, send)

    async def _serve_stranger(self, scope: Any, receive: Receive, send: Send) -> None:
        with trio.move_on_after(self._config.body_timeout_s) as patience:
            arrived, complete = await _take_in(scope, receive)
        if patience.cancelled_caught:
            await self._turn_away(
                scope, send, 408, "the request took too long to arrive; send it again"
            )
            return
        if arrived and arrived[-1]["type"] == "http.disconnect":
            return
        gate, key = self._admission.strangers, _address_of(scope, self._config)
        replay = _Replay(arrived, receive)
        if not complete:
            # Each piece of the rest waits for its own turn (webapp.connections).
            await gate.turn(key)
            await self._app(scope, replay, send)
            return
        with trio.move_on_after(WAIT_S) as patience:
            place = gate.enter_at_once(key) or await _enter_unless_gone(gate, key, receive)
        if patience.cancelled_caught:
            await self._turn_away(scope, send, 503, "the server is busy; try again in a moment")
        elif place is not None:
            await self._work(gate, place, scope, replay, send)

    async def _work(
        self, gate: Gate, place: Place, scope: Any, receive: Receive, send: Send
    ) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                gate.leave(place)
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            gate.leave(place)

    async def _turn_away(self, scope: Any, send: Send, status: int, sentence: str) -> None:
        is_api = scope["path"].startswith("/api/")
        body = json.dumps({"error": sentence}) if is_api else sentence + "\n"
        headers = {
            "Content-Type": "application/json" if is_api else "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Retry-After": str(_RETRY_AFTER_S),
            **security_headers(tls=self._config.secure_cookies),
        }
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (name.lower().encode(), value.encode()) for name, value in headers.items()
                ],
            }
        )
        await send({"type": "http.response.body", "body": body.encode(), "more_body": False})


async def _enter_unless_gone(gate: Gate, key: str, receive: Receive) -> Place | None:
    """Wait for a place; None where the peer has gone before there was one. Raises ``Crowded``."""
    place: Place | None = None
    is_crowded = is_gone = False

    async def watch(waiting: trio.CancelScope) -> None:
        nonlocal is_gone
        while (await receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        waiting.cancel()

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch, nursery.cancel_scope)
            try:
                place = await gate.enter(key)
            except Crowded:
                is_crowded = True
            nursery.cancel_scope.cancel()
    finally:
        if place is not None and (is_gone or sys.exception() is not None):
            gate.leave(place)
    if is_crowded:
        raise Crowded
    return None if is_gone else place


async def _take_in(scope: Any, receive: Receive) -> tuple[list[Message], bool]:
    """Return what has arrived of a body, and whether it is all of it."""
    if _announced(scope["headers"]) > BUFFERED_BYTES:
        return [], False
    arrived: list[Message] = []
    size = 0
    while size <= BUFFERED_BYTES:
        message = await receive()
        arrived.append(message)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return arrived, True
        size += len(message.get("body", b""))
    return arrived, False


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


class _Replay:
    """What has arrived, then what arrives."""

    def __init__(self, arrived: list[Message], receive: Receive) -> None:
        self._arrived = arrived
        self._receive = receive

    async def __call__(self) -> Message:
        return self._arrived.pop(0) if self._arrived else await self._receive()


def _address_of(scope: Any, config: WebConfig) -> str:
    peer = scope.get("client")
    lines = [
        value.decode("latin1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    ]
    return client_address(str(peer[0]) if peer else "local", ",".join(lines), config.proxy_hops)
