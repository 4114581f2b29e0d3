"""Admin, settings: what admins change while the help desk runs."""

from quart import Response

from helpdesk.actors import Role
from helpdesk.errors import HelpDeskError
from helpdesk.settings import BOUNDS
from webapp.context import app_context
from webapp.http.forms import form_fields, many
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.unchanged import digest, require_unchanged
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("settings", __name__, Access.ADMIN)

NAMES = (
    "site_name",
    "site_url",
    "reopen_window_days",
    "session_days",
    "signup_domains",
    "scanner",
    "scanner_away",
    "plugin_error_threshold",
    "plugin_error_window_minutes",
    "plugin_error_least_deliveries",
    "keep_events_days",
    "keep_deliveries_days",
    "keep_logs_days",
    "keep_egress_days",
)


@blueprint.get("/admin/settings")
async def settings() -> Response:
    """Show the settings."""
    return await _show(done_from_address({"saved": N_("Settings saved.")}))


async def _show(outcome: Outcome = NOTHING) -> Response:
    values = await app_context().helpdesk.settings.all()
    return page(
        "settings.html",
        status=outcome.status,
        outcome=outcome,
        values=values,
        bounds=BOUNDS,
        roles=tuple(Role),
        seen=digest(values),
    )


@blueprint.post("/admin/settings")
async def save() -> Response:
    """Change the settings that the form names: all of them or none."""
    fields = await form_fields()
    changes = {name: fields[name] for name in NAMES if name in fields}
    if "rating" in fields:
        changes["ask_rating"] = "yes" if "ask_rating" in fields else "no"
    if "second_factor" in fields:
        changes["second_factor_roles"] = ",".join(await many("second_factor_roles"))
    try:
        require_unchanged(fields, await app_context().helpdesk.settings.all())
        await app_context().helpdesk.settings.update(current_visit().actor, **changes)
    except HelpDeskError as error:
        return await _show(refused(error, fields))
    return see(admin_url("settings", done="saved"))
