"""Calls the function behind a widget for the visitor, and says what came of it.

A widget that is slow, fails or is of a disabled plugin gives a reason, and costs nobody else.
"""

from dataclasses import dataclass

import msgspec

from helpdesk.actors import Role
from supervisor.delivery.function_calls import Occasion
from supervisor.delivery.offers import PlacedWidget
from supervisor.errors import SupervisorError
from supervisor.states import DeliveryKind
from supervisor.views import CallResult
from webapp.context import AppContext
from webapp.pages.plugin_answers import Html, understand
from webapp.pages.plugin_requests import Asking
from webapp.rendering.catalogues import N_

DISABLED = N_("The plugin is disabled.")
RESTING = N_("The plugin can't answer now: it is busy, or failed several times in a row.")
SWITCHED_OFF = N_("The plugin was disabled because it failed too often.")
TOO_SLOW = N_("The plugin took too long.")
FAILED = N_("The plugin failed.")
NO_HTML = N_("The plugin returned no HTML.")
LARGEST_HTML = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Made:
    """What a widget shows: its markup, or why there is none."""

    html: str = ""
    problem: str = ""


async def make(
    here: AppContext, placed: PlacedWidget, asking: Asking, ticket: int | None = None
) -> Made:
    """Call the widget's function; raises nothing but Cancelled.

    ``ticket``: the number of the one whose page the widget is on; the person may see it.
    """
    if not placed.enabled:
        return Made(problem=SWITCHED_OFF if placed.failed else DISABLED)
    arguments = msgspec.json.encode(_arguments(asking, ticket))
    try:
        result = await here.supervisor.functions.call(
            placed.plugin_id,
            placed.widget.handler,
            arguments,
            asking.behalf,
            occasion=Occasion(DeliveryKind.WIDGET, placed.widget.id),
        )
    except SupervisorError:
        return Made(problem=DISABLED)
    return _made(result)


def _arguments(asking: Asking, ticket: int | None) -> dict[str, object]:
    # Queries are filtered by whom they are for, so an empty list hides nothing and shows nothing.
    staff = asking.user is not None and asking.user.role is not Role.USER
    place = {} if ticket is None else {"ticket_id": ticket}
    return {**asking.envelope, **place, "is_queue_admin": staff, "accessible_queue_ids": []}


def _made(result: CallResult) -> Made:
    if result.error is not None:
        reasons = {"timeout": TOO_SLOW, "dropped": RESTING}
        return Made(problem=reasons.get(result.outcome, FAILED))
    found = understand(result.value)
    if not isinstance(found, Html):
        return Made(problem=NO_HTML)
    if len(found.html) > LARGEST_HTML:
        return Made(problem=N_("The plugin returned too much HTML."))
    return Made(found.html)
