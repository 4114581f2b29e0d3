"""What plugins put into pages: widgets and entries of the navigation, in the viewer's language.

Says what there is and whether it can be called. Who sees which place, is the pages' to say.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from supervisor.contracts import GoatkitDescription
from supervisor.registration import MenuItem, Permission, Registration, Widget, allows
from supervisor.registration.scopes import LANDING_PAGE
from supervisor.registration.widgets import NEW_TICKET
from supervisor.store.plugins import PluginRow

Languages = Iterable[str]


@dataclass(frozen=True, slots=True)
class PlacedWidget:
    """A widget of an installed plugin."""

    plugin_id: str
    plugin_name: str
    widget: Widget
    title: str
    enabled: bool
    failed: bool
    """Whether the supervisor has disabled the plugin, rather than an admin."""

    @property
    def key(self) -> str:
        """Name it among the widgets of all plugins."""
        return f"{self.plugin_id}/{self.widget.id}"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the navigation, with those below it."""

    plugin_id: str
    id: str
    label: str
    path: str
    """Of this site; empty for an entry that only holds others."""
    parent: str
    """Id of the entry that it belongs below; empty where it stands alone."""
    order: int
    children: tuple["MenuEntry", ...] = ()


@dataclass(frozen=True, slots=True)
class Navigation:
    """What plugins change about the help desk's own navigation, each as granted."""

    hidden: frozenset[str] = frozenset()
    landing_page: str = ""


class Installed(Protocol):
    """The installed plugins."""

    def rows(self) -> Sequence[PluginRow]:
        """Return every plugin, by name."""
        ...


class PluginOffers:
    """See the module."""

    def __init__(self, installed: Installed) -> None:
        self._installed = installed

    def has_widgets(self, locations: Collection[str]) -> bool:
        """Tell whether an enabled plugin has a widget for one of these places."""
        return any(
            widget.location in locations
            for _, registration in self._enabled()
            for widget in registration.widgets
        )

    def widgets(
        self, locations: Collection[str], languages: Languages = ()
    ) -> Sequence[PlacedWidget]:
        """Return the widgets of these places, also of disabled plugins, in their usual order."""
        wanted = tuple(languages)
        found = [
            PlacedWidget(
                row.id,
                row.manifest.name,
                widget,
                text_of(registration, widget.title, wanted),
                row.enabled,
                bool(row.state_reason) and not row.enabled,
            )
            for row, registration in self._all()
            for widget in registration.widgets
            if widget.location in locations
        ]
        return sorted(found, key=lambda placed: (placed.widget.order, placed.plugin_id))

    def while_writing(self, languages: Languages = ()) -> Sequence[PlacedWidget]:
        """Return the widgets below a new ticket: of enabled plugins that may read it."""
        may = {
            row.id
            for row, _ in self._enabled()
            if allows(permissions_of(row), NEW_TICKET, "use", None)
        }
        return [one for one in self.widgets({NEW_TICKET}, languages) if one.plugin_id in may]

    def menu(self, locations: Collection[str], languages: Languages = ()) -> Sequence[MenuEntry]:
        """Return the entries of these navigations, in order; children in theirs."""
        wanted = tuple(languages)
        found = [
            _entry(row.id, registration, item, wanted)
            for row, registration in self._enabled()
            for item in registration.menu_items
            if item.location in locations
        ]
        return _sorted(found)

    def navigation(self) -> Navigation:
        """Return what of the help desk's own navigation plugins hide, and where agents land."""
        hidden: set[str] = set()
        landing = ""
        for row, registration in self._enabled():
            if not registration.hide_menu_items and not registration.landing_page:
                continue
            granted = permissions_of(row)
            hidden |= {
                name
                for name in registration.hide_menu_items
                if allows(granted, "navigation", "use", f"hide.{name}")
            }
            if registration.landing_page and not landing:
                may = allows(granted, "navigation", "use", LANDING_PAGE)
                landing = registration.landing_page if may else ""
        return Navigation(frozenset(hidden), landing)

    def languages(self) -> frozenset[str]:
        """Return the languages that enabled plugins have texts in."""
        return frozenset(
            tag
            for _, registration in self._enabled()
            for tag in registration.translations.languages
        )

    def _enabled(self) -> Iterator[tuple[PluginRow, Registration]]:
        return ((row, registration) for row, registration in self._all() if row.enabled)

    def _all(self) -> Iterator[tuple[PluginRow, Registration]]:
        for row in self._installed.rows():
            if isinstance(row.description, GoatkitDescription):
                yield row, row.description.registration


def permissions_of(row: PluginRow) -> Sequence[Permission]:
    """Return what a plugin's admin has granted it."""
    found = row.description.functions(row.withheld, row.extras)
    return found.permissions if found else ()


def text_of(registration: Registration, text: str, languages: Languages = ()) -> str:
    """Return a text that may be the key of a translation."""
    return registration.translations.translate(text, languages) or text


def _entry(
    plugin_id: str, registration: Registration, item: MenuItem, languages: Sequence[str]
) -> MenuEntry:
    children = [_entry(plugin_id, registration, child, languages) for child in item.children]
    return MenuEntry(
        plugin_id,
        item.id,
        text_of(registration, item.label, languages),
        item.path,
        item.parent,
        item.order,
        tuple(_sorted(children)),
    )


def _sorted(entries: Iterable[MenuEntry]) -> list[MenuEntry]:
    return sorted(entries, key=lambda entry: (entry.order, entry.plugin_id, entry.id))
