"""Administration of plugins over the API; the command line uses it too."""

from msgspec import UNSET
from quart import Blueprint, Response, request

from webapp.api.bodies import PluginPatch
from webapp.api.queries import number, refuse_unknown
from webapp.house import house
from webapp.jsonio import json_response, read_json, whole_list
from webapp.sessions import current_visit
from webapp.uploads import uploaded_module

blueprint = Blueprint("api_plugins", __name__)

MOST_DELIVERIES = 500
MOST_LOG_LINES = 2_000


@blueprint.get("/api/admin/plugins")
async def plugins() -> Response:
    """List the installed plugins."""
    return json_response(whole_list(await house().plugins.plugins()))


@blueprint.post("/api/admin/plugins")
async def install() -> Response:
    """Install the module in the multipart field ``file``, disabled."""
    name, module = await uploaded_module()
    plugin = await house().plugins.install(
        module, source=f"upload of {name}", actor=current_visit().actor.id
    )
    response = json_response(plugin, status=201)
    response.headers["Location"] = f"/api/admin/plugins/{plugin.id}"
    return response


@blueprint.get("/api/admin/plugins/<plugin_id>")
async def plugin(plugin_id: str) -> Response:
    """Return one plugin."""
    return json_response(await house().plugins.plugin(plugin_id))


@blueprint.patch("/api/admin/plugins/<plugin_id>")
async def change(plugin_id: str) -> Response:
    """Save configuration, enable, disable."""
    body, actor = await read_json(PluginPatch), current_visit().actor.id
    found = await house().plugins.plugin(plugin_id)
    if body.config is not UNSET:
        found = await house().plugins.set_config(plugin_id, body.config, actor=actor)
    if body.enabled is not UNSET:
        found = await house().plugins.set_enabled(plugin_id, body.enabled, actor=actor)
    return json_response(found)


@blueprint.delete("/api/admin/plugins/<plugin_id>")
async def uninstall(plugin_id: str) -> Response:
    """Stop the plugin and forget it."""
    await house().plugins.uninstall(plugin_id, actor=current_visit().actor.id)
    return Response("", status=204)


@blueprint.get("/api/admin/plugins/<plugin_id>/deliveries")
async def deliveries(plugin_id: str) -> Response:
    """List the newest deliveries; ``before`` an id for older ones."""
    refuse_unknown(request.args, frozenset({"limit", "before"}))
    limit = number(request.args, "limit", 50, MOST_DELIVERIES)
    await house().plugins.plugin(plugin_id)
    found = await house().plugins.deliveries(
        plugin_id, limit=limit, before=request.args.get("before")
    )
    return json_response(whole_list(found))


@blueprint.get("/api/admin/plugins/<plugin_id>/logs")
async def logs(plugin_id: str) -> Response:
    """List the newest log lines of one plugin."""
    refuse_unknown(request.args, frozenset({"limit"}))
    limit = number(request.args, "limit", 200, MOST_LOG_LINES)
    await house().plugins.plugin(plugin_id)
    return json_response(whole_list(await house().plugins.logs(plugin_id, limit=limit)))


@blueprint.get("/api/admin/processes")
async def processes() -> Response:
    """List the processes of the enabled plugins."""
    return json_response(whole_list(await house().plugins.processes()))
