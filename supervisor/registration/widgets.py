"""Widgets of the dashboard and of tickets, and entries of the navigation."""

import re
from dataclasses import dataclass

from supervisor.manifest.errors import describe
from supervisor.registration.paths import path_problem
from supervisor.registration.reading import MAX_TEXT, Broken, Part, listed

MAX_WIDGETS = 50
MAX_MENU_ITEMS = 100
MAX_MENU_DEPTH = 3
MAX_ICON = 4_000
LEAST_REFRESH_S = 5
MOST_REFRESH_S = 86_400
NEW_TICKET = "new_ticket"
"""Below the text of a ticket that somebody writes; its widget is told what they write."""
WIDGET_LOCATIONS = (
    *("dashboard", "agent_home", "admin_home", "customer_home"),
    *("ticket", "customer_ticket", NEW_TICKET),
)
"""The last three are on pages of tickets; the others are on the dashboard."""
SIZES = ("small", "medium", "large", "full")
MENU_LOCATIONS = ("agent", "admin", "customer")
HIDEABLE = ("dashboard", "tickets", "queues", "phone_ticket", "email_ticket", "admin")
_QUERY = re.compile(r"[A-Za-z0-9._~=&%+,-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Widget:
    """One card of the dashboard or of a ticket; ``title`` is a text or a translation's key."""

    id: str
    title: str
    description: str
    handler: str
    location: str
    size: str
    order: int
    refreshable: bool
    refresh_s: int | None
    """Seconds between two refreshes, None for never."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the navigation; ``label`` is a text or a translation's key."""

    id: str
    label: str
    icon: str
    path: str
    """Of this site; empty for an entry that only holds others."""
    location: str
    parent: str
    order: int
    children: tuple["MenuItem", ...]


def read_widgets(root: Part) -> tuple[Widget, ...]:
    """Return the widgets that can be shown."""
    taken: set[str] = set()

    def read(part: Part) -> Widget:
        widget = _read_widget(part)
        once(part, widget.id, taken)
        return widget

    return root.each("widgets", MAX_WIDGETS, "widget", read)


def _read_widget(part: Part) -> Widget:
    widget_id = part.need_id()
    refresh_s = part.number("refresh_sec", 0, 10**9) or None
    if refresh_s is not None and not LEAST_REFRESH_S <= refresh_s <= MOST_REFRESH_S:
        nearest = min(max(refresh_s, LEAST_REFRESH_S), MOST_REFRESH_S)
        expected = f"{LEAST_REFRESH_S} to {MOST_REFRESH_S} seconds"
        part.warn("refresh_sec", expected, f"{nearest} is used")
        refresh_s = nearest
    return Widget(
        id=widget_id,
        title=part.text("title") or widget_id,
        description=part.text("description", MAX_TEXT, lines=True),
        handler=part.need_line("handler"),
        location=part.need_word("location", WIDGET_LOCATIONS, "dashboard"),
        size=part.word("size", SIZES, "medium"),
        order=part.number("order", -(10**6), 10**6) or 0,
        refreshable=part.flag("refreshable"),
        refresh_s=refresh_s if part.flag("refreshable") else None,
    )


def read_menu(root: Part) -> tuple[MenuItem, ...]:
    """Return the entries of the navigation that can be shown."""
    taken: set[str] = set()

    def read(part: Part, depth: int = 1, above: str = "agent") -> MenuItem:
        if len(taken) >= MAX_MENU_ITEMS:
            raise Broken(part.path, "one too many", f"at most {MAX_MENU_ITEMS} entries")
        item_id = part.need_id()
        once(part, item_id, taken)
        location = part.need_word("location", MENU_LOCATIONS, above)
        children: tuple[MenuItem, ...] = ()
        if depth < MAX_MENU_DEPTH:
            children = part.each(
                "children",
                MAX_MENU_ITEMS,
                "menu entry",
                lambda below: read(below, depth + 1, location),
            )
        elif part.has("children"):
            part.warn("children", f"at most {MAX_MENU_DEPTH} levels", "they are ignored")
        return MenuItem(
            id=item_id,
            label=part.text("label") or item_id,
            icon=part.text("icon", MAX_ICON, lines=True),
            path=_menu_path(part, bool(children)),
            location=location,
            parent=part.text("parent"),
            order=part.number("order", -(10**6), 10**6) or 0,
            children=children,
        )

    return root.each("menu_items", MAX_MENU_ITEMS, "menu entry", read)


def _menu_path(part: Part, may_be_empty: bool) -> str:
    if not part.has("path") and may_be_empty:
        return ""
    return need_link(part, "path")


def need_link(part: Part, key: str) -> str:
    """Return a path of this site without ``:name`` segments; raises Broken."""
    path, mark, query = part.need_line(key).partition("?")
    trimmed = path.removesuffix("/") if path.count("/") > 1 else path
    # Links may lead to the help desk's own pages; they never lead to another site.
    problem = None if path == "/" else path_problem(trimmed)
    if problem is None and "/:" in path:
        problem = "a path without :name segments"
    if problem is None and not _QUERY.fullmatch(query):
        problem = "a query of letters, digits and encoded characters"
    if problem is not None:
        raise part.broken(key, problem)
    return trimmed + mark + query


def once(part: Part, name: str, taken: set[str], key: str = "id") -> None:
    """Take a name that must not be there yet; raises Broken."""
    if name in taken:
        raise Broken(part.at(key), f"{describe(name)} again", f"a unique {key}")
    taken.add(name)


def read_hidden(root: Part) -> tuple[str, ...]:
    """Return the entries of the core's navigation that the plugin asks to hide."""
    hidden = []
    for name in root.lines("hide_menu_items", 20):
        if name in HIDEABLE:
            hidden.append(name)
        else:
            root.warn("hide_menu_items", listed(HIDEABLE), "it is ignored", describe(name))
    return tuple(hidden)


def read_landing_page(root: Part) -> str:
    """Return where agents land after login, empty where the plugin does not say."""
    if not root.value("landing_page"):
        return ""
    try:
        return need_link(root, "landing_page")
    except Broken as broken:
        root.notes.warn(broken.path, broken.found, broken.expected, "it is ignored")
        return ""
