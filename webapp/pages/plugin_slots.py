"""Widgets of plugins below the text of a new ticket, each with what its frame needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from webapp.context import app_context
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


def new_ticket_slots() -> Sequence[Slot]:
    """Return the widgets that are told what the visitor writes."""
    visit = current_visit()
    return [
        Slot(
            placed.title,
            placed.plugin_id,
            placed.plugin_name,
            f"/plugin-widgets/{quote(placed.plugin_id)}/{quote(placed.widget.id, safe='')}",
            plugin_token(visit, placed.plugin_id),
        )
        for placed in app_context().supervisor.offers.while_writing(languages())
    ]
