"""Context of the handlers, held by the app: both halves, settings, and what pages share.

It exists so that handlers need no globals. Only ``app.py`` makes one.
"""

from dataclasses import dataclass, field
from typing import cast

from quart import current_app

from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from supervisor.service import Supervisor
from webapp.admission.exchanges import Admission
from webapp.config import WebConfig
from webapp.live.hub import Hub
from webapp.live.presence import Presence
from webapp.live.process_watch import ProcessWatch
from webapp.plugin_documents import PluginDocuments
from webapp.rendering.formatting_pool import FormattingPool
from webapp.security.throttle import Throttle

_KEY = "open_help_desk"


@dataclass(slots=True)
class Site:
    """Name of the help desk, kept up to date so that no page has to query it."""

    name: str

    def follow(self, values: SettingValues) -> None:
        """Take over changed settings."""
        self.name = values.site_name


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything that a request may need."""

    helpdesk: HelpDesk
    supervisor: Supervisor
    config: WebConfig
    throttle: Throttle
    code_throttle: Throttle
    """For codes of second factors, which are short: slower than for passwords."""
    live: Hub
    presence: Presence
    watch: ProcessWatch
    formatting: FormattingPool
    site: Site
    documents: PluginDocuments
    admission: Admission
    setup_code: str = field(repr=False)
    """Proves that whoever creates the first admin can read what the server printed. Always asked
    for: a proxy on the same machine makes strangers look like this machine."""


def install(extensions: dict[str, object], context_: AppContext) -> None:
    """Give an app its context, by its ``extensions``."""
    extensions[_KEY] = context_


def app_context() -> AppContext:
    """Return the context of the app that serves the current request."""
    return cast(AppContext, current_app.extensions[_KEY])


def context_of(extensions: dict[str, object]) -> AppContext:
    """Return the context of an app, by its ``extensions``."""
    return cast(AppContext, extensions[_KEY])
