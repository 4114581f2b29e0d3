"""Base of every stream of server-sent events: its slot, its end, its headers.

https://html.spec.whatwg.org/multipage/server-sent-events.html. A stream takes a seat in the hub, so
that one person cannot open any number of them, and that it ends with its session, when its person's
role changes, and when the server stops. The browser comes back by itself and is looked at again. It
must not know what is told.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

import msgspec
import trio
from quart import Response, request
from quart.wrappers.response import ResponseBody

from helpdesk import tokens
from helpdesk.accounts import User
from webapp.context import AppContext, app_context
from webapp.live.hub import Slot, Subscription
from webapp.visitors.sessions import current_visit, person_behind, shown_credential

HEARTBEAT_S = 15.0
"""A comment is sent when nothing else was for this long, so that proxies keep the stream open."""
LONGEST_S = 3600.0
RETRY_MS = 3000
"""Time before a browser reconnects."""
HEARTBEAT = b":\n\n"


def event_bytes(name: str, data: object) -> bytes:
    """Return one event with its data as JSON."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))


def opening() -> bytes:
    """Return what a stream begins with."""
    return f"retry: {RETRY_MS}\n\n".encode()


def stream_response(make: Callable[[AppContext, User, str], ResponseBody]) -> Response:
    """Answer with a stream for the visitor; raises ``TooManyStreams``.

    ``make`` gets the context, the person, and the session token or API key that was shown.
    """
    here, person = app_context(), current_visit().signed_in
    here.live.require_room(person)
    if request.method == "HEAD":
        return _response(b"")
    return _response(make(here, person, shown_credential(request, here.config)))


def _response(body: ResponseBody | bytes) -> Response:
    response = Response(body, content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.timeout = LONGEST_S
    return response


class Stream(ResponseBody):
    """The body of one answer: as long as the page is open. Subclasses say what is told."""

    def __init__(self, here: AppContext, seat: Slot, credential: str) -> None:
        self.here = here
        self.seat = seat
        self._credential = credential

    def entered(self) -> None:
        """Do what has to be done once the seat is taken."""

    async def next_bytes(self) -> bytes:
        """Wait for what is to be told next; raises ``StopAsyncIteration`` at the end."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        self.here.live.enter(self.seat)
        self.entered()
        # A session that ended since the request was let in has already been reported, to nobody.
        if await person_behind(self._credential, self.here) != self.seat.person:
            self.seat.end()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.here.live.leave(self.seat)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self.next_bytes()


class Watch(Stream):
    """A stream that follows something by asking for it, and is notified of the end meanwhile."""

    def __init__(self, here: AppContext, person: User, credential: str) -> None:
        super().__init__(here, Slot(person, tokens.digest(credential)), credential)
        self._begun = False

    async def ask(self) -> bytes:
        """Wait for the next thing to tell; may be cancelled, and is then asked again.

        Ends the seat, and raises nothing, where nothing more will come.
        """
        raise NotImplementedError

    async def next_bytes(self) -> bytes:
        """Return what was asked for, or a heartbeat where that takes long."""
        if not self._begun:
            self._begun = True
            return opening()
        told = await _until_end(self.seat, self.ask)
        if told is None and self.seat.ended:
            raise StopAsyncIteration
        return told or HEARTBEAT


async def _until_end(seat: Slot, ask: Callable[[], Awaitable[bytes]]) -> bytes | None:
    """Return what ``ask`` gives; None where the seat ended, or a heartbeat is due, before."""
    told: bytes | None = None
    with trio.move_on_after(HEARTBEAT_S):
        async with trio.open_nursery() as nursery:

            async def ended() -> None:
                await seat.wait_ended()
                nursery.cancel_scope.cancel()

            nursery.start_soon(ended)
            told = await ask()
            nursery.cancel_scope.cancel()
    return told


def mailbox_for(
    person: User, credential: str, shown: str = "", plugins: frozenset[str] = frozenset()
) -> Subscription:
    """Return a mailbox for the page of a person; ``shown``, ``plugins`` as the mailbox has them."""
    return Subscription(person, tokens.digest(credential), shown, plugins)
