"""Entries of plugins in the navigation: whose they are, and below which others; pure.

Plugins are many and the navigation is narrow: what there is no room for goes below one entry.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from helpdesk.actors import Role
from supervisor.delivery.offers import MenuEntry

MENUS: Mapping[Role, Collection[str]] = {
    Role.ADMIN: ("agent", "admin"),
    Role.STAFF: ("agent",),
    Role.USER: ("customer",),
}
WIDGETS: Mapping[Role, Collection[str]] = {
    Role.ADMIN: ("dashboard", "agent_home", "admin_home"),
    Role.STAFF: ("dashboard", "agent_home"),
    Role.USER: ("customer_home",),
}
TICKET_WIDGETS: Mapping[Role, Collection[str]] = {
    Role.ADMIN: ("ticket",),
    Role.STAFF: ("ticket",),
    Role.USER: ("customer_ticket",),
}
"""Roles to the places whose entries and widgets they see."""
ROOM = 6
"""Entries beside the help desk's own."""
MOST = 60
"""Entries in all, those below others counted."""


@dataclass(frozen=True, slots=True)
class PluginMenu:
    """The entries beside the help desk's own, and those that there was no room for."""

    shown: Sequence[MenuEntry] = ()
    more: Sequence[MenuEntry] = ()


def arrange(entries: Sequence[MenuEntry]) -> PluginMenu:
    """Put entries below the ones that they name as their parents."""
    tops = {(entry.plugin_id, entry.id): entry for entry in entries if not entry.parent}
    for entry in entries:
        key = (entry.plugin_id, entry.parent)
        if entry.parent and key in tops:
            above = tops[key]
            tops[key] = replace(above, children=(*above.children, entry))
        elif entry.parent:
            # Its parent is not there, or is an entry of the help desk's own.
            tops.setdefault((entry.plugin_id, entry.id), entry)
    usable = _bounded(entry for entry in tops.values() if entry.path or entry.children)
    room = ROOM if len(usable) <= ROOM else ROOM - 1
    return PluginMenu(usable[:room], usable[room:])


def _bounded(entries: Iterable[MenuEntry]) -> list[MenuEntry]:
    kept: list[MenuEntry] = []
    left = MOST
    for entry in entries:
        if left <= 0:
            break
        # Two levels are shown; what is deeper stands with the second one.
        below = list(_flat(entry.children))[: left - 1]
        kept.append(replace(entry, children=tuple(below)))
        left -= 1 + len(below)
    return kept


def _flat(entries: Iterable[MenuEntry]) -> Iterable[MenuEntry]:
    for entry in entries:
        if entry.path:
            yield replace(entry, children=())
        yield from _flat(entry.children)
