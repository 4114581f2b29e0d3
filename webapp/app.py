"""Puts the web app together. The composition root calls ``create_app``; nothing else is global."""

import secrets
from urllib.parse import urlencode

from quart_trio import QuartTrio

from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from supervisor.service import Supervisor
from webapp import context
from webapp.admission.exchanges import Admission
from webapp.admission.known import KnownCredentials
from webapp.api import canned_replies as api_canned_replies
from webapp.api import catalogue as api_catalogue
from webapp.api import docs as api_docs
from webapp.api import files as api_files
from webapp.api import followers as api_followers
from webapp.api import groups as api_groups
from webapp.api import links as api_links
from webapp.api import login as api_login
from webapp.api import me as api_me
from webapp.api import notifications as api_notifications
from webapp.api import organizations as api_organizations
from webapp.api import plugin_records as api_plugin_records
from webapp.api import plugin_versions as api_plugin_versions
from webapp.api import plugins as api_plugins
from webapp.api import ratings as api_ratings
from webapp.api import records as api_records
from webapp.api import replies as api_replies
from webapp.api import saved_views as api_saved_views
from webapp.api import schemas as api_schemas
from webapp.api import settings as api_settings
from webapp.api import statuses as api_statuses
from webapp.api import tickets as api_tickets
from webapp.api import users as api_users
from webapp.config import WebConfig
from webapp.http import failures, guard, requests
from webapp.http.connection import WholeExchange
from webapp.live.hub import Hub
from webapp.live.presence import Presence
from webapp.live.process_watch import ProcessWatch
from webapp.monitoring import health, metrics, traffic
from webapp.pages import (
    audit,
    canned_replies,
    catalogue,
    dashboard,
    deliveries,
    drafts,
    egress,
    events,
    forgotten,
    groups,
    installs,
    invitation,
    login,
    mail,
    mail_letters,
    mail_templates,
    notification_choices,
    notifications,
    organizations,
    panels,
    people,
    plugin,
    plugin_frames,
    plugin_log,
    plugin_routes,
    presence,
    process_stream,
    profile,
    rate,
    review,
    sandbox,
    saved_views,
    second_factor,
    second_step,
    settings,
    setup,
    sign_up,
    statuses,
    ticket,
    ticket_bulk,
    ticket_files,
    ticket_links,
    ticket_list,
    ticket_new,
    ticket_split,
    versions,
)
from webapp.pages import plugins as plugin_pages
from webapp.pages.plugin_bodies import MOST_BODY_BYTES
from webapp.plugin_documents import PluginDocuments
from webapp.rendering import assets
from webapp.rendering.formatting_pool import FormattingPool
from webapp.routes import Section, body_limits
from webapp.security.throttle import Throttle

BLUEPRINTS: tuple[Section, ...] = (
    assets.blueprint,
    health.blueprint,
    login.blueprint,
    second_step.blueprint,
    invitation.blueprint,
    forgotten.blueprint,
    sign_up.blueprint,
    rate.blueprint,
    ticket_list.blueprint,
    ticket_bulk.blueprint,
    ticket_new.blueprint,
    ticket.blueprint,
    ticket_links.blueprint,
    ticket_split.blueprint,
    ticket_files.blueprint,
    canned_replies.blueprint,
    saved_views.blueprint,
    panels.blueprint,
    dashboard.blueprint,
    plugin_frames.blueprint,
    drafts.blueprint,
    presence.blueprint,
    events.blueprint,
    setup.blueprint,
    notifications.blueprint,
    notification_choices.blueprint,
    profile.blueprint,
    second_factor.blueprint,
    people.blueprint,
    organizations.blueprint,
    organizations.reading,
    groups.blueprint,
    catalogue.blueprint,
    statuses.blueprint,
    settings.blueprint,
    mail.blueprint,
    mail_letters.blueprint,
    mail_letters.originals,
    mail_templates.blueprint,
    plugin_pages.blueprint,
    process_stream.blueprint,
    installs.blueprint,
    plugin.blueprint,
    review.blueprint,
    versions.blueprint,
    deliveries.blueprint,
    plugin_log.blueprint,
    egress.blueprint,
    audit.blueprint,
    sandbox.blueprint,
    metrics.blueprint,
    api_login.blueprint,
    api_login.logout_blueprint,
    api_me.blueprint,
    api_tickets.blueprint,
    api_replies.blueprint,
    api_links.blueprint,
    api_followers.blueprint,
    api_ratings.blueprint,
    api_files.blueprint,
    api_canned_replies.blueprint,
    api_saved_views.blueprint,
    api_users.blueprint,
    api_organizations.blueprint,
    api_groups.blueprint,
    api_catalogue.blueprint,
    api_statuses.blueprint,
    api_notifications.blueprint,
    api_settings.blueprint,
    api_records.blueprint,
    api_docs.blueprint,
    api_schemas.blueprint,
    api_plugins.blueprint,
    api_plugin_versions.blueprint,
    api_plugin_records.blueprint,
)


def create_app(helpdesk: HelpDesk, supervisor: Supervisor, config: WebConfig) -> QuartTrio:
    """Return the app over an open help desk and a running supervisor."""
    app = bare_app(config)
    throttle = Throttle(window_s=config.login_window_s)
    live, watch = Hub(helpdesk.news), ProcessWatch(supervisor)
    supervisor.published.listen(live.tell_published)
    code = secrets.token_urlsafe(16)
    site = context.Site(SettingValues().site_name)
    helpdesk.settings.observe(site.follow)

    @app.before_serving
    async def read_name() -> None:
        site.follow(await helpdesk.settings.all())

    context.install(
        app.extensions,
        context.AppContext(
            helpdesk,
            supervisor,
            config,
            throttle,
            Throttle(window_s=config.code_window_s),
            live,
            Presence(live.tell_presence),
            watch,
            FormattingPool(),
            site,
            PluginDocuments(),
            Admission(KnownCredentials()),
            code,
        ),
    )
    traffic.install(app)
    plugin_routes.install_first(app)
    guard.install(app)
    plugin_routes.install(app)
    failures.install(app)
    for section in BLUEPRINTS:
        app.register_blueprint(section)

    def of_plugins(path: str) -> int:
        return MOST_BODY_BYTES if supervisor.functions.methods(path) else 0

    app.request_class = requests.request_class(config, dict(body_limits(app)), of_plugins)
    return app


def bare_app(config: WebConfig) -> QuartTrio:
    """Return an app without any route."""
    app = QuartTrio(__name__, static_folder=None, template_folder=None)
    app.asgi_http_class = WholeExchange
    app.config["MAX_CONTENT_LENGTH"] = config.max_upload_bytes
    app.config["BODY_TIMEOUT"] = config.body_timeout_s
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


async def setup_address(app: QuartTrio) -> str | None:
    """Return where the first admin is made, code included; None where there is one already.

    For the operator's eyes: whoever starts the server prints it, and nobody else learns it.
    """
    here = context.context_of(app.extensions)
    if not await here.helpdesk.first_run.is_due():
        return None
    return f"{here.config.public_url}/setup?{urlencode({'code': here.setup_code})}"
