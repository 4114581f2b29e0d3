"""Administration of plugins over the API; the command line uses it too."""

from dataclasses import dataclass, fields

from msgspec import UNSET, UnsetType
from quart import Blueprint

from supervisor.views import DeliveryView, LogLine, PluginState, PluginView, ProcessView
from webapp.api.bodies import PluginPatch
from webapp.api.operations import operation
from webapp.api.queries import DeliveryQuery, LogQuery
from webapp.api.shapes import Listing, whole_list
from webapp.house import house
from webapp.sessions import current_visit
from webapp.uploads import uploaded_module

blueprint = Blueprint("api_plugins", __name__)

_ONE = "/api/admin/plugins/<plugin_id>"


@dataclass(frozen=True, slots=True)
class PluginOut(PluginView):
    """An installed plugin; ``status`` is its ``state`` by the name that tickets have for theirs."""

    status: PluginState


def _shown(plugin: PluginView) -> PluginOut:
    told = {field.name: getattr(plugin, field.name) for field in fields(PluginView)}
    return PluginOut(**told, status=plugin.state)


@operation(blueprint, "GET", "/api/admin/plugins", errors=(403,))
async def plugins() -> Listing[PluginOut]:
    """List the installed plugins."""
    return whole_list([_shown(found) for found in await house().plugins.plugins()])


@operation(
    blueprint,
    "POST",
    "/api/admin/plugins",
    status=201,
    location="/api/admin/plugins/{id}",
    errors=(403, 409),
    upload=True,
)
async def install() -> PluginOut:
    """Install the module in the multipart field ``file``, disabled."""
    name, module = await uploaded_module()
    actor = current_visit().actor.id
    return _shown(await house().plugins.install(module, source=f"upload of {name}", actor=actor))


@operation(blueprint, "GET", _ONE, errors=(403,))
async def plugin(plugin_id: str) -> PluginOut:
    """Return one plugin."""
    return _shown(await house().plugins.plugin(plugin_id))


@operation(blueprint, "PATCH", _ONE, errors=(403, 409))
async def change(plugin_id: str, body: PluginPatch) -> PluginOut:
    """Save configuration, enable, disable."""
    actor = current_visit().actor.id
    found = await house().plugins.plugin(plugin_id)
    if body.config is not UNSET:
        found = await house().plugins.set_config(plugin_id, body.config, actor=actor)
    if body.enabled is not UNSET:
        found = await house().plugins.set_enabled(plugin_id, body.enabled, actor=actor)
    return _shown(found)


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
