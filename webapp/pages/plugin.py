"""Admin, one plugin: how it stands, its settings, and what is done to it by one button."""

from collections.abc import Mapping

from quart import Response, request

from supervisor.errors import ConfigInvalid, LimitsInvalid, NotRunning
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.plugin_forms import read_config, read_limits
from webapp.pages.plugin_frame import live_cells, show
from webapp.rendering.catalogues import N_
from webapp.rendering.charts import charts
from webapp.rendering.links import plugin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("plugin", __name__, Access.ADMIN)

DONE = {
    "enabled": N_("Plugin enabled."),
    "disabled": N_("Plugin disabled."),
    "restarted": N_("Plugin restarted."),
    "granted": "Permission granted. It applies immediately.",
    "upgraded": N_("Plugin upgraded."),
    "rolled-back": N_("Plugin rolled back, with the settings this version had."),
}
SAVED = {
    "saved": N_("Settings saved."),
    "limited": N_("Limits saved. They apply from the plugin's next process."),
}


@blueprint.get("/admin/plugins/<plugin_id>")
async def overview(plugin_id: str) -> Response:
    """Show how a plugin stands."""
    return await _overview(plugin_id, done_from_address(DONE))


async def _overview(plugin_id: str, outcome: Outcome) -> Response:
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    by_day = request.args.get("span") == "day"
    history = await app_context().supervisor.overview.history(
        plugin_id, span="day" if by_day else "hour"
    )
    return show(
        "plugin.html",
        plugin,
        "",
        outcome,
        cells=await live_cells(plugin),
        refused=await app_context().supervisor.refusals.of(plugin_id),
        by_day=by_day,
        history=history,
        charts=charts(history),
    )


@blueprint.get("/admin/plugins/<plugin_id>/settings")
async def settings(plugin_id: str) -> Response:
    """Show the form of the plugin's configuration."""
    return await _settings(plugin_id, done_from_address(SAVED))


async def _settings(plugin_id: str, outcome: Outcome = NOTHING) -> Response:
    return show(
        "plugin_settings.html",
        await app_context().supervisor.overview.plugin(plugin_id),
        "settings",
        outcome,
    )


@blueprint.post("/admin/plugins/<plugin_id>/<any(enable,disable):step>")
async def switch(plugin_id: str, step: str) -> Response:
    """Enable or disable the plugin."""
    wanted = step == "enable"
    try:
        await app_context().supervisor.controls.set_enabled(
            plugin_id, wanted, actor=current_visit().actor.id
        )
    except ConfigInvalid as error:
        return await settings_refused(plugin_id, error.problems)
    return see(plugin_url(plugin_id, done="enabled" if wanted else "disabled"))


@blueprint.post("/admin/plugins/<plugin_id>/restart")
async def restart(plugin_id: str) -> Response:
    """Give the plugin a new process."""
    try:
        await app_context().supervisor.controls.restart(plugin_id, actor=current_visit().actor.id)
    except NotRunning as error:
        return await _overview(plugin_id, refused(error))
    return see(plugin_url(plugin_id, done="restarted"))


@blueprint.post("/admin/plugins/<plugin_id>/config")
async def configure(plugin_id: str) -> Response:
    """Save the settings; or show the form again with what is wrong."""
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    fields = await form_fields()
    values, problems = read_config(fields, plugin.config)
    if problems:
        return await settings_refused(plugin_id, problems, fields)
    try:
        await app_context().supervisor.controls.set_config(
            plugin_id, values, actor=current_visit().actor.id
        )
    except ConfigInvalid as error:
        return await settings_refused(plugin_id, error.problems, fields)
    return see(plugin_url(plugin_id, "settings", "saved"))


@blueprint.post("/admin/plugins/<plugin_id>/limits")
async def limit(plugin_id: str) -> Response:
    """Save the plugin's own limits; or show the form again with what is wrong."""
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    fields = await form_fields()
    overrides, problems = read_limits(fields, plugin.limits)
    if problems:
        return await _limits_refused(plugin_id, problems, fields)
    try:
        await app_context().supervisor.controls.set_limits(
            plugin_id, overrides, actor=current_visit().actor.id
        )
    except LimitsInvalid as error:
        return await _limits_refused(plugin_id, error.problems, fields)
    return see(plugin_url(plugin_id, "settings", "limited"))


async def _limits_refused(
    plugin_id: str, problems: Mapping[str, str], typed: Mapping[str, str]
) -> Response:
    sentence = N_("No limits were changed. Some values are out of range.")
    outcome = Outcome(problem=sentence, problems=problems, typed=typed, form="limits", status=422)
    return await _settings(plugin_id, outcome)


async def settings_refused(
    plugin_id: str, problems: Mapping[str, str], typed: Mapping[str, str] | None = None
) -> Response:
    """Show the settings with what keeps the plugin from being enabled, or from being saved."""
    sentence = N_("Some settings are invalid. Correct them and save again.")
    outcome = Outcome(
        problem=sentence,
        problems=problems,
        typed=typed or {},
        form="config" if typed is not None else "",
        status=422,
    )
    return await _settings(plugin_id, outcome)


@blueprint.get("/admin/plugins/<plugin_id>/uninstall")
async def ask_to_uninstall(plugin_id: str) -> Response:
    """Say what uninstalling takes away, and ask whether it is meant."""
    return show(
        "plugin_uninstall.html",
        await app_context().supervisor.overview.plugin(plugin_id),
        "uninstall",
    )


@blueprint.post("/admin/plugins/<plugin_id>/uninstall")
async def uninstall(plugin_id: str) -> Response:
    """Uninstall the plugin."""
    await app_context().supervisor.controls.uninstall(plugin_id, actor=current_visit().actor.id)
    return see("/admin/plugins?done=removed#done")
