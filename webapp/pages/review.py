"""Admin, one plugin: its permissions in plain words, and what the admin leaves it of that."""

from dataclasses import dataclass

from quart import Response

from supervisor.errors import CannotStart, ConfigInvalid, PermissionUnknown
from supervisor.registration import GrantError, choices
from supervisor.registration.scopes import BY_KIND
from webapp.context import app_context
from webapp.http.forms import form_fields, many
from webapp.http.redirects import see
from webapp.http.unsent import form_page
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address
from webapp.pages.plugin import settings_refused
from webapp.pages.plugin_frame import names, show
from webapp.rendering.catalogues import N_
from webapp.rendering.links import plugin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("plugin_review", __name__, Access.ADMIN)

DONE = {
    "installed": N_("Plugin installed. It is disabled: review its permissions, then enable it."),
    "narrowed": "Permissions saved. They apply immediately.",
    "granted": "Permission granted. It applies immediately.",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One permission that can be granted with a scope."""

    token: str
    label: str


@blueprint.get("/admin/plugins/<plugin_id>/review")
async def review(plugin_id: str) -> Response:
    """Show what the plugin is and asks for."""
    return await _review(plugin_id, done_from_address(DONE))


async def _review(plugin_id: str, outcome: Outcome = NOTHING) -> Response:
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    every = {one.permission.text for one in choices()}
    return show(
        "plugin_review.html",
        plugin,
        "review",
        outcome,
        names=await names([plugin.installed_by]),
        refused=await app_context().supervisor.refusals.of(plugin_id),
        declares_nothing=every <= {one.token for one in plugin.permissions},
        kinds=[
            Kind(one.permission.text, f"{one.permission.text}: {one.sentence}")
            for one in choices()
            if one.permission.kind in BY_KIND
        ],
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
    except CannotStart as error:
        return await _review(plugin_id, Outcome(problem=str(error), status=409))
    return see(plugin_url(plugin_id, done="enabled"))


@blueprint.post("/admin/plugins/<plugin_id>/grant")
async def grant(plugin_id: str) -> Response:
    """Grant one permission, such as that which a refused call wanted."""
    fields = await form_fields()
    scope = fields.get("scope", "").strip()
    token = fields.get("permission", "") + (f":{scope}" if scope else "")
    try:
        await app_context().supervisor.controls.grant(
            plugin_id, token, actor=current_visit().actor.id
        )
    except (GrantError, PermissionUnknown) as error:
        wrong = {"scope" if scope else "permission": str(error)}
        outcome = Outcome(
            problem=str(error), problems=wrong, typed=fields, form="grant", status=422
        )
        return await _review(plugin_id, outcome)
    from_overview = form_page().partition("?")[0] == plugin_url(plugin_id)
    return see(plugin_url(plugin_id, "" if from_overview else "review", "granted"))
