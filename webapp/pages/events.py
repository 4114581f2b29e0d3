"""``GET /events``: tells an open page what changed, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html. Three kinds, ids and numbers only;
a page asks for what it shows by the usual addresses, under the usual rules::

    event: ticket            data: {"id": "01J…"}      this ticket changed
    event: notifications     data: {"unread": 3}       also once at the start
    event: refresh           data: {}                  more changed than was kept

A page says with ``?age=`` how many milliseconds ago it was asked for, and is told what changed
since. A stream ends with its session, when its person's role changes, and after an hour; the
browser then comes back by itself and is looked at anew.
"""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import msgspec
import trio
from quart import Blueprint, Response, request
from quart.wrappers.response import ResponseBody

from helpdesk import tokens
from helpdesk.accounts import User
from webapp.house import House, house
from webapp.live import Mailbox, Parcel
from webapp.sessions import current_visit, person_behind, shown_credential

blueprint = Blueprint("events", __name__)

HEARTBEAT_S = 15.0
"""A comment is sent when nothing else was for this long, so that proxies keep the stream open."""
PAUSE_S = 0.1
"""Changes within this time of each other are told together."""
LONGEST_S = 3600.0
TRANSIT_S = 0.2
"""Added to a page's age, as its request for the stream took a moment as well."""
RETRY_MS = 3000
"""How long a browser waits before it comes back."""


@blueprint.get("/events")
async def events() -> Response:
    """Open a stream for the visitor."""
    here, person = house(), current_visit().signed_in
    here.live.require_room(person)
    if request.method == "HEAD":
        return _response(b"")
    credential = shown_credential(request, here.config)
    return _response(_Stream(here, person, credential, _age_s(request.args.get("age", ""))))


def _age_s(given: str) -> float:
    """Return how long ago the page was asked for; it says so itself, in milliseconds."""
    if not given.isascii() or not given.isdecimal() or len(given) > 9:
        return 0.0
    return int(given) / 1000 + TRANSIT_S


def _response(body: ResponseBody | bytes) -> Response:
    response = Response(body, content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.timeout = LONGEST_S
    return response


class _Stream(ResponseBody):
    """The body of one answer: as long as the page is open."""

    def __init__(self, here: House, person: User, credential: str, age_s: float) -> None:
        self._here = here
        self._age_s = age_s
        self._credential = credential
        self._mailbox = Mailbox(person, tokens.digest(credential))
        self._begun = False

    async def __aenter__(self) -> Self:
        self._here.live.enter(self._mailbox)
        if self._age_s:
            self._here.live.catch_up(self._mailbox, self._age_s)
        # A session that ended since the request was let in has already been told of, to nobody.
        if await person_behind(self._credential, self._here) != self._mailbox.person:
            self._mailbox.end()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._here.live.leave(self._mailbox)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return f"retry: {RETRY_MS}\n\n".encode() + await self._notices()
        with trio.move_on_after(HEARTBEAT_S) as waiting:
            await self._mailbox.wait_changed()
        if self._mailbox.ended:
            raise StopAsyncIteration
        if waiting.cancelled_caught:
            return b":\n\n"
        await trio.sleep(PAUSE_S)
        return await self._told(self._mailbox.take())

    async def _told(self, parcel: Parcel) -> bytes:
        lines = [_event("ticket", {"id": ticket_id}) for ticket_id in parcel.ticket_ids]
        if parcel.refresh:
            lines.append(_event("refresh", {}))
        if parcel.notices:
            lines.append(await self._notices())
        return b"".join(lines)

    async def _notices(self) -> bytes:
        notifications, person = self._here.helpdesk.notifications, self._mailbox.person
        unread = await notifications.unread_count(person.actor)
        return _event("notifications", {"unread": unread})


def _event(name: str, data: dict[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
