"""Admin, one plugin: its permissions in plain words, and what the admin leaves it of that."""

from quart import Response

from supervisor.errors import ConfigInvalid
from webapp.context import app_context
from webapp.http.forms import form_fields, many
from webapp.http.redirects import see
from webapp.pages.outcomes import done_from_address
from webapp.pages.plugin import settings_refused
from webapp.pages.plugin_frame import names, show
from webapp.rendering.links import plugin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("plugin_review", __name__, Access.ADMIN)

DONE = {
    "installed": "Plugin installed. It is disabled: review its permissions, then enable it.",
    "narrowed": "Permissions saved. They apply immediately.",
}


@blueprint.get("/admin/plugins/<plugin_id>/review")
async def review(plugin_id: str) -> Response:
    """Show what the plugin is and asks for."""
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    return show(
        "plugin_review.html",
        plugin,
        "review",
        done_from_address(DONE),
        names=await names([plugin.installed_by]),
    )


@blueprint.post("/admin/plugins/<plugin_id>/permissions")
async def narrow(plugin_id: str) -> Response:
    """Deny every permission that is shown and not selected; then enable, where asked to."""
    fields = await form_fields()
    shown, ticked = set(await many("shown")), set(await many("allowed"))
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    # What was not on the page when the admin decided stays as it is.
    before = {one.token for one in plugin.permissions if not one.granted}
    withheld = set() if fields.get("then") == "all" else (shown - ticked) | (before - shown)
    asked = {one.token for one in plugin.permissions}
    actor = current_visit().actor.id
    if withheld & asked != before:
        await app_context().supervisor.controls.withhold(
            plugin_id, withheld=withheld & asked, actor=actor
        )
    if fields.get("then") != "enable":
        return see(plugin_url(plugin_id, "review", "narrowed"))
    try:
        await app_context().supervisor.controls.set_enabled(plugin_id, True, actor=actor)
    except ConfigInvalid as error:
        return await settings_refused(plugin_id, error.problems)
    return see(plugin_url(plugin_id, done="enabled"))
