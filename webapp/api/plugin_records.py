"""Plugin activity over the API: processes, history, deliveries, logs."""

from msgspec import Struct, UnsetType

from supervisor.views import DeliveryDetail, DeliveryView, LogLine, PluginHistory, ProcessView
from supervisor.watching.delivery_document import DeliveryDocument
from webapp.api.bodies import RedeliverBody
from webapp.api.operations import operation
from webapp.api.plugins import ONE
from webapp.api.queries import DeliveryQuery, HistoryQuery, LogQuery
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_plugin_records", __name__, Access.ADMIN)


class Queued(Struct):
    """Number of deliveries queued for redelivery."""

    queued: int


@operation(blueprint, "GET", "/api/admin/processes", errors=(403,))
async def processes() -> Listing[ProcessView]:
    """List the plugins with their processes, sampled now."""
    return whole_list(await app_context().supervisor.overview.processes())


@operation(blueprint, "GET", f"{ONE}/history", errors=(403,))
async def history(plugin_id: str, query: HistoryQuery) -> PluginHistory:
    """Return a plugin's activity and resource usage in the last hour or day."""
    return await app_context().supervisor.overview.history(plugin_id, span=query.span)


@operation(blueprint, "GET", f"{ONE}/deliveries", errors=(403,))
async def deliveries(plugin_id: str, query: DeliveryQuery) -> Listing[DeliveryView]:
    """List the latest matching deliveries; use ``before`` for older ones."""
    before = None if isinstance(query.before, UnsetType) else query.before
    found = await app_context().supervisor.deliveries.page(
        plugin_id, wanted=query.filter(), limit=query.limit, before=before
    )
    return whole_list(found)


@operation(blueprint, "GET", f"{ONE}/deliveries/<delivery_id>", errors=(403,))
async def delivery(plugin_id: str, delivery_id: str) -> DeliveryDetail:
    """Return one delivery with its payload, without secrets, and its log lines."""
    return await app_context().supervisor.deliveries.detail(plugin_id, delivery_id)


@operation(blueprint, "GET", f"{ONE}/deliveries/<delivery_id>/document", errors=(403,))
async def document(plugin_id: str, delivery_id: str) -> DeliveryDocument:
    """Return one delivery as a file for the plugin's author, without secrets."""
    return await app_context().supervisor.deliveries.document(plugin_id, delivery_id)


@operation(blueprint, "POST", f"{ONE}/deliveries/redeliver", errors=(403, 409))
async def redeliver(plugin_id: str, body: RedeliverBody) -> Queued:
    """Redeliver, all or none; each delivery is marked as ``redelivered``."""
    queued = await app_context().supervisor.deliveries.redeliver(
        plugin_id, body.ids, actor=current_visit().actor.id
    )
    return Queued(queued)


@operation(blueprint, "GET", f"{ONE}/logs", errors=(403,))
async def logs(plugin_id: str, query: LogQuery) -> Listing[LogLine]:
    """List one plugin's log lines."""
    return await _lines(plugin_id, query)


@operation(blueprint, "GET", "/api/admin/logs", errors=(403,))
async def every_log(query: LogQuery) -> Listing[LogLine]:
    """List all plugins' log lines."""
    return await _lines(None, query)


async def _lines(plugin_id: str | None, query: LogQuery) -> Listing[LogLine]:
    found = await app_context().supervisor.logs.read(
        plugin_id, level=query.level, after=query.after, limit=query.limit
    )
    return whole_list(found)
