"""What the handlers work with, held by the app: both halves, settings, and what pages share.

It exists so that handlers need no globals. Only ``app.py`` makes one.
"""

from dataclasses import dataclass, field
from typing import cast

from quart import current_app

from helpdesk.service import HelpDesk
from supervisor.service import Supervisor
from webapp.config import WebConfig
from webapp.live.hub import Hub
from webapp.live.process_watch import ProcessWatch
from webapp.security.throttle import Throttle

_KEY = "open_help_desk"


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything that a request may need."""

    helpdesk: HelpDesk
    supervisor: Supervisor
    config: WebConfig
    throttle: Throttle
    live: Hub
    watch: ProcessWatch
    setup_code: str | None = field(default=None, repr=False)
    """What whoever makes the first admin must show; None where only this machine can reach us."""


def install(extensions: dict[str, object], context_: AppContext) -> None:
    """Hand the house to an app, by its ``extensions``."""
    extensions[_KEY] = context_


def app_context() -> AppContext:
    """Return the house of the app that serves the current request."""
    return cast(AppContext, current_app.extensions[_KEY])


def context_of(extensions: dict[str, object]) -> AppContext:
    """Return the house of an app, by its ``extensions``."""
    return cast(AppContext, extensions[_KEY])
