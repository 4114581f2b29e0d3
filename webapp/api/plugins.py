"""Administration of plugins over the API; the command line uses it too."""

from msgspec import UNSET, UnsetType
from quart import Blueprint

from supervisor.views import DeliveryView, LogLine, PluginView, ProcessView
from webapp.api.bodies import PluginPatch
from webapp.api.operations import operation
from webapp.api.queries import DeliveryQuery, LogQuery
from webapp.api.shapes import Listing, whole_list
from webapp.house import house
from webapp.sessions import current_visit
from webapp.uploads import uploaded_module

blueprint = Blueprint("api_plugins", __name__)

_ONE = "/api/admin/plugins/<plugin_id>"


@operation(blueprint, "GET", "/api/admin/plugins", errors=(403,))
async def plugins() -> Listing[PluginView]:
    """List the installed plugins."""
    return whole_list(await house().plugins.plugins())


@operation(
    blueprint,
    "POST",
    "/api/admin/plugins",
    status=201,
    location="/api/admin/plugins/{id}",
    errors=(403, 409),
    upload=True,
)
async def install() -> PluginView:
    """Install the module in the multipart field ``file``, disabled."""
    name, module = await uploaded_module()
    return await house().plugins.install(
        module, source=f"upload of {name}", actor=current_visit().actor.id
    )


@operation(blueprint, "GET", _ONE, errors=(403,))
async def plugin(plugin_id: str) -> PluginView:
    """Return one plugin."""
    return await house().plugins.plugin(plugin_id)


@operation(blueprint, "PATCH", _ONE, errors=(403, 409))
async def change(plugin_id: str, body: PluginPatch) -> PluginView:
    """Save configuration, enable, disable."""
    actor = current_visit().actor.id
    found = await house().plugins.plugin(plugin_id)
    if body.config is not UNSET:
        found = await house().plugins.set_config(plugin_id, body.config, actor=actor)
    if body.enabled is not UNSET:
        found = await house().plugins.set_enabled(plugin_id, body.enabled, actor=actor)
    return found


@operation(blueprint, "DELETE", _ONE, errors=(403, 409))
async def uninstall(plugin_id: str) -> None:
    """Stop the plugin and forget it."""
    await house().plugins.uninstall(plugin_id, actor=current_visit().actor.id)


@operation(blueprint, "GET", f"{_ONE}/deliveries", errors=(403,))
async def deliveries(plugin_id: str, query: DeliveryQuery) -> Listing[DeliveryView]:
    """List the newest deliveries; ``before`` an id for older ones."""
    await house().plugins.plugin(plugin_id)
    before = None if isinstance(query.before, UnsetType) else query.before
    return whole_list(await house().plugins.deliveries(plugin_id, limit=query.limit, before=before))


@operation(blueprint, "GET", f"{_ONE}/logs", errors=(403,))
async def logs(plugin_id: str, query: LogQuery) -> Listing[LogLine]:
    """List the newest log lines of one plugin."""
    await house().plugins.plugin(plugin_id)
    return whole_list(await house().plugins.logs(plugin_id, limit=query.limit))


@operation(blueprint, "GET", "/api/admin/processes", errors=(403,))
async def processes() -> Listing[ProcessView]:
    """List the processes of the enabled plugins."""
    return whole_list(await house().plugins.processes())
