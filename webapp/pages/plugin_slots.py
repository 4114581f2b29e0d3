"""Widgets of plugins on pages of tickets, each with what its frame needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supervisor.delivery.offers import PlacedWidget
from webapp.context import app_context
from webapp.http.plugin_menu import TICKET_WIDGETS
from webapp.rendering.links import widget_url
from webapp.visitors.languages import languages
from webapp.visitors.plugin_tokens import plugin_token
from webapp.visitors.sessions import current_visit


@dataclass(frozen=True, slots=True)
class Slot:
    """One widget: its titles, its frame's address, and the token of its plugin's routes."""

    title: str
    plugin_id: str
    plugin_name: str
    address: str
    token: str
    is_wide: bool
    """Whether it stands below a ticket's conversation rather than beside it."""


def ticket_slots(number: int) -> Sequence[Slot]:
    """Return the widgets of enabled plugins that the visitor sees on a ticket."""
    places = TICKET_WIDGETS[current_visit().signed_in.role]
    found = app_context().supervisor.offers.widgets(places, languages())
    return _slots((placed for placed in found if placed.enabled), number)


def new_ticket_slots() -> Sequence[Slot]:
    """Return the widgets that are told what the visitor writes."""
    return _slots(app_context().supervisor.offers.while_writing(languages()))


def _slots(found: Iterable[PlacedWidget], ticket: int | None = None) -> Sequence[Slot]:
    visit = current_visit()
    return [
        Slot(
            placed.title,
            placed.plugin_id,
            placed.plugin_name,
            widget_url(placed.plugin_id, placed.widget.id, ticket),
            plugin_token(visit, placed.plugin_id),
            placed.widget.size in {"large", "full"},
        )
        for placed in found
    ]
