"""One person's dashboard: the widgets that there are, in the order and size that they chose; pure.

Widgets that the person has never arranged stand behind those that they have, in their usual order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from helpdesk.dashboards import SIZES, Placement, Placements
from supervisor.delivery.offers import PlacedWidget

EARLIER, LATER, HIDE, SHOW, TO = "earlier", "later", "hide", "show", "to"


@dataclass(frozen=True, slots=True)
class Card:
    """A widget as one person sees it."""

    placed: PlacedWidget
    size: str
    hidden: bool

    @property
    def key(self) -> str:
        """Name it among the widgets of all plugins."""
        return self.placed.key


def cards(widgets: Sequence[PlacedWidget], placements: Placements) -> tuple[Card, ...]:
    """Return the cards of a dashboard, hidden ones too.

    One of a disabled plugin is kept where it would be missed: the person has arranged it, or it is
    the supervisor that has disabled the plugin.
    """
    known = {one.key: (place, one) for place, one in enumerate(placements)}
    usual = Placement("")
    found = [
        (known.get(widget.key, (len(known), usual)), widget)
        for widget in widgets
        if widget.enabled or widget.failed or widget.key in known
    ]
    found.sort(key=lambda entry: entry[0][0])
    return tuple(
        Card(widget, placement.size or widget.widget.size, placement.hidden)
        for (_, placement), widget in found
    )


def change(
    widgets: Sequence[PlacedWidget], key: str, act: str, place: int = 0
) -> Callable[[Placements], Sequence[Placement]] | None:
    """Return how an act changes an arrangement; None for what is no act, or a widget of none.

    ``act`` is ``earlier``, ``later``, ``hide``, ``show``, a size, or ``to``: the ``place`` from 0
    among the cards that are shown.
    """
    if key not in {widget.key for widget in widgets}:
        return None
    if act not in {EARLIER, LATER, HIDE, SHOW, TO, *SIZES}:
        return None

    def changed(before: Placements) -> Sequence[Placement]:
        there = {one.key: one for one in before}
        order = [there.get(card.key, Placement(card.key)) for card in cards(widgets, before)]
        after = _acted(order, key, act, place)
        # Widgets that are not there just now keep what was said of them.
        names = {one.key for one in after}
        return (*after, *(one for one in before if one.key not in names))

    return changed


def _acted(order: list[Placement], key: str, act: str, place: int) -> list[Placement]:
    at = next((index for index, one in enumerate(order) if one.key == key), None)
    if at is None:
        return order
    one = order[at]
    if act in SIZES:
        order[at] = Placement(key, act, one.hidden)
        return order
    if act in {HIDE, SHOW}:
        order[at] = Placement(key, one.size, act == HIDE)
        return order
    shown = [each for each in order if not each.hidden]
    if one.hidden:
        return order
    was = shown.index(one)
    target = {EARLIER: was - 1, LATER: was + 1}.get(act, place)
    shown.remove(one)
    shown.insert(min(max(target, 0), len(shown)), one)
    return _merged(shown, [each for each in order if each.hidden])


def _merged(shown: Iterable[Placement], hidden: Iterable[Placement]) -> list[Placement]:
    # Where hidden ones stand shows nowhere, so behind is as good as any place.
    return [*shown, *hidden]
