"""The settings over the API, for admins."""

from helpdesk.settings import SettingValues
from webapp.api.bodies import SettingsPatch, given
from webapp.api.operations import operation
from webapp.api.people_shapes import SettingsOut, settings_json
from webapp.context import app_context
from webapp.http.preconditions import Match
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_settings", __name__, Access.ADMIN)


@operation(blueprint, "GET", "/api/admin/settings", errors=(403,))
async def settings(match: Match | None) -> SettingsOut:
    """Return the settings."""
    found = settings_json(await app_context().helpdesk.settings.all())
    if match is not None:
        match.require(found)
    return found


@operation(blueprint, "PATCH", "/api/admin/settings", errors=(403,))
async def change(body: SettingsPatch, match: Match | None) -> SettingsOut:
    """Change the settings that the body names: all of them or none."""
    changes = given(
        site_name=body.site_name,
        site_url=body.site_url,
        reopen_window_days=body.reopen_window_days,
        session_days=body.session_days,
        second_factor_roles=body.second_factor_roles,
        signup_domains=body.signup_domains,
        scanner=body.scanner,
        scanner_away=body.scanner_away,
        ask_rating=body.ask_rating,
        plugin_error_threshold=body.plugin_error_threshold,
        plugin_error_window_minutes=body.plugin_error_window_minutes,
        plugin_error_least_deliveries=body.plugin_error_least_deliveries,
        keep_events_days=body.keep_events_days,
        keep_deliveries_days=body.keep_deliveries_days,
        keep_logs_days=body.keep_logs_days,
        keep_egress_days=body.keep_egress_days,
    )

    def check(found: SettingValues) -> None:
        if match is not None:
            match.require(settings_json(found))

    return settings_json(
        await app_context().helpdesk.settings.update(current_visit().actor, check, **changes)
    )
