"""Admin, plugins: the list, the upload, and one plugin with its settings, deliveries and log."""

from collections.abc import Mapping

from quart import Blueprint, Response, request

from supervisor.errors import ConfigInvalid, ModuleRefused
from supervisor.views import PluginView
from webapp.forms import form_fields
from webapp.house import house
from webapp.links import plugin_url
from webapp.pages.config_form import read_config
from webapp.redirects import see
from webapp.rendering import page
from webapp.sessions import current_visit
from webapp.uploads import uploaded_module

blueprint = Blueprint("plugin_pages", __name__)

DELIVERIES_SHOWN = 25
LOG_LINES_SHOWN = 100
DONE = {
    "installed": "The plugin is installed. Review what it declares, then enable it.",
    "enabled": "The plugin is enabled.",
    "disabled": "The plugin is disabled.",
    "saved": "The settings are saved.",
    "removed": "The plugin is uninstalled.",
}


@blueprint.get("/admin/plugins")
async def plugins() -> Response:
    """List the installed plugins."""
    return await _list(done=DONE.get(request.args.get("done", ""), ""))


async def _list(*, done: str = "", problem: str = "", status: int = 200) -> Response:
    installed = await house().plugins.plugins()
    return page("plugins.html", status=status, plugins=installed, done=done, problem=problem)


@blueprint.post("/admin/plugins")
async def upload() -> Response:
    """Install the uploaded module, disabled."""
    try:
        name, module = await uploaded_module()
        plugin = await house().plugins.install(
            module, source=f"upload of {name}", actor=current_visit().actor.id
        )
    except ModuleRefused as error:
        return await _list(problem=str(error), status=422)
    return see(plugin_url(plugin.id, "installed"))


@blueprint.get("/admin/plugins/<plugin_id>")
async def plugin_page(plugin_id: str) -> Response:
    """Show one plugin."""
    plugin = await house().plugins.plugin(plugin_id)
    return await _show(plugin, done=DONE.get(request.args.get("done", ""), ""))


async def _show(
    plugin: PluginView,
    *,
    done: str = "",
    problem: str = "",
    problems: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    deliveries = await house().plugins.deliveries(plugin.id, limit=DELIVERIES_SHOWN)
    logs = await house().plugins.logs(plugin.id, limit=LOG_LINES_SHOWN)
    return page(
        "plugin.html",
        status=status,
        plugin=plugin,
        deliveries=deliveries,
        logs=logs,
        done=done,
        problem=problem,
        problems=problems or {},
        typed=typed,
    )


@blueprint.post("/admin/plugins/<plugin_id>/<any(enable,disable):step>")
async def switch(plugin_id: str, step: str) -> Response:
    """Enable or disable the plugin."""
    wanted = step == "enable"
    try:
        await house().plugins.set_enabled(plugin_id, wanted, actor=current_visit().actor.id)
    except ConfigInvalid as error:
        return await _refused(plugin_id, error.problems)
    return see(plugin_url(plugin_id, "enabled" if wanted else "disabled"))


@blueprint.post("/admin/plugins/<plugin_id>/config")
async def configure(plugin_id: str) -> Response:
    """Save the settings; or show the form again with what is wrong."""
    plugin = await house().plugins.plugin(plugin_id)
    fields = await form_fields()
    values, problems = read_config(fields, plugin.config)
    if problems:
        return await _refused(plugin_id, problems, fields)
    try:
        await house().plugins.set_config(plugin_id, values, actor=current_visit().actor.id)
    except ConfigInvalid as error:
        return await _refused(plugin_id, error.problems, fields)
    return see(plugin_url(plugin_id, "saved"))


async def _refused(
    plugin_id: str, problems: Mapping[str, str], typed: Mapping[str, str] | None = None
) -> Response:
    plugin = await house().plugins.plugin(plugin_id)
    sentence = "The settings need another look before the plugin can use them."
    return await _show(plugin, problem=sentence, problems=problems, typed=typed, status=422)


@blueprint.post("/admin/plugins/<plugin_id>/uninstall")
async def uninstall(plugin_id: str) -> Response:
    """Uninstall the plugin."""
    await house().plugins.uninstall(plugin_id, actor=current_visit().actor.id)
    return see("/admin/plugins?done=removed")
