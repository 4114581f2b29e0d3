"""``GET /events``: tells an open page what changed, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html. Ids and numbers only, and to
staff the names of colleagues; a page asks for what it shows by the usual addresses, under the usual
rules::

    event: ticket            data: {"id": "01J…"}      this ticket changed
    event: notifications     data: {"unread": 3}       also once at the start
    event: refresh           data: {}                  more changed than was kept
    event: presence          data: {"people": [{"name": "Sasha", "doing": "replying"}]}
    event: plugin            data: {"plugin": "goatkit.x", "type": "t", "channel": "", "data": 1}

A page says with ``?age=`` how many milliseconds ago it was asked for, and is told what changed
since; with ``?ticket=`` that it shows a ticket, and staff are told who else is at it, unless they
asked for help with it themselves; with ``?plugin=`` ids and their frames' tokens (``id:token``),
and is told what those plugins publish. ``streams`` tells when a stream ends.
"""

import hmac

import trio
from quart import Response, request

from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.errors import HelpDeskError
from supervisor.views import PublishedEvent
from webapp.context import AppContext, app_context
from webapp.http.event_streams import (
    HEARTBEAT,
    HEARTBEAT_S,
    Stream,
    event_bytes,
    mailbox_for,
    opening,
    stream_response,
)
from webapp.live.hub import Batch, Subscription
from webapp.routes import Access, Section, facts
from webapp.visitors.plugin_tokens import plugin_token
from webapp.visitors.sessions import current_visit

blueprint = Section("events", __name__, Access.SIGNED_IN)

PAUSE_S = 0.1
"""Changes within this time of each other are sent together."""
_LONGEST_ID = 40
_MOST_PLUGINS = 50
TRANSIT_S = 0.2
"""Added to a page's age, as its request for the stream took a moment too."""


@blueprint.get("/events")
@facts(json=True)
async def events() -> Response:
    """Open a stream for the visitor."""
    age_s = _age_s(request.args.get("age", ""))
    shown = await _shown(request.args.get("ticket", ""))
    plugins = _plugins(request.args.getlist("plugin")[:_MOST_PLUGINS])

    def stream(here: AppContext, person: User, credential: str) -> Stream:
        mailbox = mailbox_for(person, credential, shown, plugins)
        return _News(here, mailbox, credential, age_s)

    return stream_response(stream)


def _plugins(given: list[str]) -> frozenset[str]:
    """Return the plugins whose frames the visitor was given, by the frames' tokens."""
    visit, found = current_visit(), set()
    for each in given:
        plugin_id, _, token = each.partition(":")
        expected = plugin_token(visit, plugin_id)
        if hmac.compare_digest(token.encode(), expected.encode()):
            found.add(plugin_id)
    return frozenset(found)


async def _shown(ticket_id: str) -> str:
    """Return the id of the ticket of which the visitor is told who is at it; empty for none."""
    visit = current_visit()
    if not ticket_id or visit.signed_in.role is Role.USER:
        return ""
    try:
        ticket = await app_context().helpdesk.tickets.get(visit.actor, ticket_id[:_LONGEST_ID])
    except HelpDeskError:
        return ""
    return "" if ticket.submitter.id == visit.signed_in.id else ticket.id


def _age_s(given: str) -> float:
    """Return how long ago the page was asked for, in milliseconds; the page says so."""
    if not given.isascii() or not given.isdecimal() or len(given) > 9:
        return 0.0
    return int(given) / 1000 + TRANSIT_S


class _News(Stream):
    """Tells one page what changes of tickets, and of its person's notifications."""

    def __init__(
        self, here: AppContext, mailbox: Subscription, credential: str, age_s: float
    ) -> None:
        self._mailbox = mailbox
        super().__init__(here, self._mailbox, credential)
        self._age_s = age_s
        self._begun = False

    async def next_bytes(self) -> bytes:
        if not self._begun:
            self._begun = True
            # From the seat on, any change of it ends the stream.
            organizations, person = self.here.helpdesk.organizations, self._mailbox.person
            self._mailbox.organization_id = await organizations.shared_by(person.id)
            if self._age_s:
                self.here.live.catch_up(self._mailbox, self._age_s)
            return opening() + await self._notices() + self._presence()
        with trio.move_on_after(HEARTBEAT_S) as waiting:
            await self._mailbox.wait_changed()
        if self._mailbox.ended:
            raise StopAsyncIteration
        if waiting.cancelled_caught:
            return HEARTBEAT
        await trio.sleep(PAUSE_S)
        return await self._told(self._mailbox.take())

    async def _told(self, parcel: Batch) -> bytes:
        lines = [event_bytes("ticket", {"id": ticket_id}) for ticket_id in parcel.ticket_ids]
        if parcel.refresh:
            lines.append(event_bytes("refresh", {}))
        if parcel.presence:
            lines.append(self._presence())
        if parcel.notices:
            lines.append(await self._notices())
        lines += [event_bytes("plugin", _public(event)) for event in parcel.published]
        return b"".join(lines)

    def _presence(self) -> bytes:
        if not self._mailbox.shown:
            return b""
        people = [
            {"name": one.name, "doing": one.doing}
            for one in self.here.presence.at(self._mailbox.shown)
            if one.person_id != self._mailbox.person.id
        ]
        return event_bytes("presence", {"people": people})

    async def _notices(self) -> bytes:
        notifications, person = self.here.helpdesk.notifications, self._mailbox.person
        unread = await notifications.unread_count(person.actor)
        return event_bytes("notifications", {"unread": unread})


def _public(event: PublishedEvent) -> dict[str, object]:
    return {
        "plugin": event.plugin_id,
        "type": event.type,
        "channel": event.channel,
        "data": event.data,
    }
