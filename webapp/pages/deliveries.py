"""Admin, one plugin: the log of its deliveries, one of them with all that is known, and again."""

from quart import Response, request

from supervisor.errors import SupervisorError
from supervisor.manifest.shape import EVENTS
from supervisor.states import DeliveryKind, Outcome
from supervisor.views import DeliveryFilter
from webapp.context import app_context
from webapp.http.forms import form_fields, many
from webapp.http.jsonio import json_response
from webapp.http.redirects import see
from webapp.pages.asked import flag, member_of
from webapp.pages.outcomes import NOTHING, refused
from webapp.pages.outcomes import Outcome as Said
from webapp.pages.paging import Shown
from webapp.pages.plugin_frame import show
from webapp.rendering.links import delivery_url, plugin_url
from webapp.rendering.templating import slug
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("plugin_deliveries", __name__, Access.ADMIN)

PER_PAGE = 50
AGAIN = "again"


@blueprint.get("/admin/plugins/<plugin_id>/deliveries")
async def deliveries(plugin_id: str) -> Response:
    """List deliveries, newest first."""
    return await _list(plugin_id, _queued())


async def _list(plugin_id: str, said: Said) -> Response:
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    wanted, before = _filter(), request.args.get("before") or None
    found = await app_context().supervisor.deliveries.page(
        plugin_id, wanted=wanted, limit=PER_PAGE + 1, before=before
    )
    return show(
        "plugin_deliveries.html",
        plugin,
        "deliveries",
        said,
        deliveries=found[:PER_PAGE],
        older=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        before=before,
        shown=Shown(plugin_url(plugin_id, "deliveries"), request.args, 1, 1),
        wanted=wanted,
        outcomes=tuple(Outcome),
        kinds=tuple(DeliveryKind),
        events=EVENTS,
    )


def _queued() -> Said:
    """Say how many were queued, where the address says that some were."""
    number = request.args.get(AGAIN, "")
    if not number.isascii() or not number.isdecimal() or len(number) > 4:
        return NOTHING
    noun = "delivery is" if number == "1" else "deliveries are"
    return Said(done=f"{number} {noun} queued for redelivery.")


def _filter() -> DeliveryFilter:
    asked = request.args
    return DeliveryFilter(
        outcome=member_of("outcome", Outcome),
        kind=member_of("kind", DeliveryKind),
        function=asked.get("function") or None,
        only_errors=flag("errors", asked.get("errors", "")),
        event=asked.get("event") or None,
        event_id=asked.get("event_id") or None,
        ticket_id=asked.get("ticket", "").strip() or None,
        redelivered=flag("redelivered", again) if (again := asked.get("redelivered")) else None,
    )


@blueprint.get("/admin/plugins/<plugin_id>/deliveries/<delivery_id>")
async def delivery(plugin_id: str, delivery_id: str) -> Response:
    """Show one delivery."""
    return await _one(plugin_id, delivery_id, _queued())


async def _one(plugin_id: str, delivery_id: str, said: Said) -> Response:
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    found = await app_context().supervisor.deliveries.detail(plugin_id, delivery_id)
    return show("plugin_delivery.html", plugin, "delivery", said, found=found, one=found.delivery)


@blueprint.get("/admin/plugins/<plugin_id>/deliveries/<delivery_id>.json")
async def document(plugin_id: str, delivery_id: str) -> Response:
    """Return one delivery as a file for the plugin's author."""
    found = await app_context().supervisor.deliveries.document(plugin_id, delivery_id)
    response = json_response(found)
    name = f"{slug(plugin_id)}-delivery-{slug(delivery_id)}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/admin/plugins/<plugin_id>/deliveries/redeliver")
async def redeliver(plugin_id: str) -> Response:
    """Queue the selected deliveries again: all of them or none."""
    chosen, fields = await many("delivery"), await form_fields()
    alone = "alone" in fields and len(chosen) == 1
    try:
        queued = await app_context().supervisor.deliveries.redeliver(
            plugin_id, chosen, actor=current_visit().actor.id
        )
    except SupervisorError as error:
        said = refused(error)
        return await (_one(plugin_id, chosen[0], said) if alone else _list(plugin_id, said))
    address = delivery_url(plugin_id, chosen[0]) if alone else plugin_url(plugin_id, "deliveries")
    return see(f"{address}?{AGAIN}={queued}#done")
