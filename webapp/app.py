"""Puts the web app together. The composition root calls ``create_app``; nothing else is global."""

from quart import Blueprint
from quart_trio import QuartTrio

from helpdesk.service import HelpDesk
from webapp import assets, failures, guard, health, house, requests
from webapp.api import login as api_login
from webapp.api import plugins as api_plugins
from webapp.api import replies as api_replies
from webapp.api import tickets as api_tickets
from webapp.config import WebConfig
from webapp.connection import WholeExchange
from webapp.live import Hub
from webapp.pages import events, login, panels, ticket, ticket_list, ticket_new
from webapp.pages import plugins as plugin_pages
from webapp.ports import Plugins
from webapp.security.throttle import Throttle

BLUEPRINTS: tuple[Blueprint, ...] = (
    assets.blueprint,
    health.blueprint,
    login.blueprint,
    ticket_list.blueprint,
    ticket_new.blueprint,
    ticket.blueprint,
    panels.blueprint,
    events.blueprint,
    plugin_pages.blueprint,
    api_login.blueprint,
    api_login.me_blueprint,
    api_tickets.blueprint,
    api_replies.blueprint,
    api_plugins.blueprint,
)


def create_app(helpdesk: HelpDesk, plugins: Plugins, config: WebConfig) -> QuartTrio:
    """Return the app over an open help desk and the supervisor's plugins."""
    app = QuartTrio(__name__, static_folder=None, template_folder=None)
    app.asgi_http_class = WholeExchange
    app.request_class = requests.request_class(config)
    app.config["MAX_CONTENT_LENGTH"] = config.max_upload_bytes
    app.config["BODY_TIMEOUT"] = config.body_timeout_s
    app.config["PROPAGATE_EXCEPTIONS"] = False
    throttle = Throttle(window_s=config.login_window_s)
    live = Hub(helpdesk.news)
    house.install(app.extensions, house.House(helpdesk, plugins, config, throttle, live))
    guard.install(app)
    failures.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
