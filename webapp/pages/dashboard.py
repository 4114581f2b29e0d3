"""The dashboard: widgets of plugins, each in a frame of its own, in the person's own order.

The page is there at once, with the titles. One further request asks for all widgets, and each is
shown as soon as its plugin has answered, so that none waits for another and no connection is held
for a slow one. Without scripts each frame asks for its widget by itself.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import msgspec
import trio
from quart import Response, abort, g, request

from helpdesk import tokens
from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.dashboards import SIZES
from supervisor.delivery.offers import PlacedWidget
from webapp.context import AppContext, app_context
from webapp.http.event_streams import Stream
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.plugin_menu import WIDGETS
from webapp.http.redirects import see
from webapp.live.hub import Slot
from webapp.pages.dashboard_layout import HIDE, SHOW, Card, cards, change
from webapp.pages.plugin_frames import document
from webapp.pages.plugin_requests import Asking, asking
from webapp.pages.widget_calls import make
from webapp.routes import Access, Section, facts
from webapp.visitors.languages import languages
from webapp.visitors.plugin_tokens import plugin_token
from webapp.visitors.sessions import current_visit, shown_credential

blueprint = Section("dashboard", __name__, Access.SIGNED_IN)

RATING_DAYS = 30
LONGEST_S = 120.0
"""Above the longest call of a plugin, and what may run before it."""


@blueprint.get("/dashboard")
async def dashboard() -> Response:
    """Show the person's widgets, or the forms by which they are arranged."""
    visit, found = current_visit(), await _cards()
    shown = [card for card in found if not card.hidden]
    g.frame_sources = ("'self'",) if shown else ()
    plugin_ids = {card.placed.plugin_id for card in shown}
    return page(
        "dashboard.html",
        section="dashboard",
        ratings=await _ratings(visit.signed_in),
        rating_days=RATING_DAYS,
        arranging="arrange" in request.args,
        shown=shown,
        hidden_cards=[card for card in found if card.hidden],
        sizes=SIZES,
        tokens={plugin_id: plugin_token(visit, plugin_id) for plugin_id in plugin_ids},
    )


async def _ratings(person: User) -> dict[str, int]:
    """Return how requesters rated tickets lately, for staff; nothing where nobody is asked."""
    desk = app_context().helpdesk
    if person.role is Role.USER or (await desk.settings.all()).ask_rating != "yes":
        return {}
    return await desk.ratings.figures(person.actor, RATING_DAYS)


@blueprint.post("/dashboard/arrange")
async def arrange() -> Response:
    """Move, size, hide or show one widget."""
    fields, visit = await form_fields(), current_visit()
    place = fields.get("place", "")
    to = int(place) if place.isascii() and place.isdigit() and len(place) < 5 else 0
    key, act = fields.get("key", ""), fields.get("act", "")
    changed = change(_widgets(visit.signed_in), key, act, to)
    if changed is None:
        abort(400)
    await app_context().helpdesk.dashboards.change(visit.actor, changed)
    if request.accept_mimetypes.best == "application/json":
        return Response("", status=204)
    if act in {HIDE, SHOW}:
        return see("/dashboard?arrange=1")
    shown = [card.key for card in await _cards() if not card.hidden]
    at = f"#widget-{shown.index(key) + 1}" if key in shown else ""
    return see(f"/dashboard?arrange=1{at}")


@blueprint.post("/dashboard/reset")
async def reset() -> Response:
    """Go back to the usual arrangement."""
    await app_context().helpdesk.dashboards.reset(current_visit().actor)
    return see("/dashboard?arrange=1")


@blueprint.get("/dashboard/widgets")
@facts(json=True)
async def widgets() -> Response:
    """Answer with a line of JSON for each widget, or for those in ``only``, as it is ready.

    ``{"key": …, "frame": ADDRESS}``, or ``{"key": …, "problem": SENTENCE}``.
    """
    here, person = app_context(), current_visit().signed_in
    here.live.require_room(person)
    only = set(request.args.getlist("only"))
    wanted = [
        card.placed for card in await _cards() if not card.hidden and (not only or card.key in only)
    ]
    seat = Slot(person, tokens.digest(shown_credential(request, here.config)))
    body = _Widgets(here, seat, shown_credential(request, here.config), wanted, await asking())
    response = Response(
        b"" if request.method == "HEAD" else body, content_type="application/x-ndjson"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.timeout = LONGEST_S
    return response


async def _cards() -> tuple[Card, ...]:
    visit = current_visit()
    placements = await app_context().helpdesk.dashboards.get(visit.actor)
    return cards(_widgets(visit.signed_in), placements)


def _widgets(person: User) -> Sequence[PlacedWidget]:
    return app_context().supervisor.offers.widgets(WIDGETS[person.role], languages())


class _Widgets(Stream):
    """Calls the function of each widget, and tells of each as it returns."""

    def __init__(
        self,
        here: AppContext,
        seat: Slot,
        credential: str,
        wanted: Sequence[PlacedWidget],
        asks: Asking,
    ) -> None:
        super().__init__(here, seat, credential)
        self._wanted = wanted
        self._asks = asks
        self._told, self._heard = trio.open_memory_channel[bytes](len(wanted))
        self._manager = trio.open_nursery()
        self._nursery: trio.Nursery | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._nursery = await self._manager.__aenter__()
        self._nursery.start_soon(self._end_with_session, self._nursery.cancel_scope)
        for placed in self._wanted:
            self._nursery.start_soon(self._make, placed, self._told.clone())
        self._told.close()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._nursery is not None:
                self._nursery.cancel_scope.cancel()
                await self._manager.__aexit__(kind, error, trace)
        finally:
            await super().__aexit__(kind, error, trace)

    async def next_bytes(self) -> bytes:
        """Return the line of the next widget that is ready."""
        try:
            return await self._heard.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    async def _end_with_session(self, scope: trio.CancelScope) -> None:
        await self.seat.wait_ended()
        scope.cancel()

    async def _make(self, placed: PlacedWidget, told: trio.MemorySendChannel[bytes]) -> None:
        with told:
            made = await make(self.here, placed, self._asks)
            line: dict[str, str] = {"key": placed.key}
            if made.problem:
                line["problem"] = made.problem
            else:
                html = document(made.html, self._asks.language)
                token = self.here.documents.keep(html, self.seat.person.id)
                line["frame"] = f"/plugin-frames/{token}"
            await told.send(msgspec.json.encode(line) + b"\n")
