"""Permissions in sentences for the review page: those requested, and all that can be granted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from supervisor.manifest.permissions import EVENT_PREFIX, permission_views
from supervisor.registration.model import Registration
from supervisor.registration.permissions import (
    ACCESSES,
    READ,
    READWRITE,
    USE,
    WRITE,
    Permission,
    permission,
)
from supervisor.registration.scopes import LANDING_PAGE, MEMBERS
from supervisor.registration.widgets import NEW_TICKET
from supervisor.views import PermissionView

Words = Callable[[str], str]
"""Makes a sentence of the scopes, listed; of an empty text where there are none."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One permission in words."""

    permission: Permission
    sentence: str
    warning: str | None
    """Caution for the admin."""
    path: str
    """Place of the request in the registration; empty if it is not requested."""


def _fixed(sentence: str) -> Words:
    return lambda _scopes: sentence


_SENTENCES: Mapping[tuple[str, str], Words] = {
    ("db", READ): lambda scopes: (
        f"Reads the tables {scopes} of the help desk."
        if scopes
        else "Reads every table that plugins can see: tickets, queues, people and groups."
    ),
    ("db", WRITE): _fixed("Creates and changes tables in a database file of its own."),
    ("cache", READ): _fixed("Reads values from its own cache."),
    ("cache", WRITE): _fixed("Stores values in its own cache."),
    ("http", USE): lambda scopes: (
        f"Sends requests to {scopes or 'any host'}, with any data that it can read."
    ),
    ("email", USE): lambda scopes: (
        f"Sends email to {scopes.replace(MEMBERS, 'people with an account here')}."
        if scopes
        else "Sends email to any address."
    ),
    ("notice", USE): _fixed("Leaves notices for people with an account here."),
    ("config", USE): _fixed("Reads this site's name, time zone and environment."),
    ("secure_config", READ): _fixed("Reads secrets that it stored itself."),
    ("secure_config", WRITE): _fixed("Stores secrets of its own, encrypted."),
    ("plugin_call", USE): lambda scopes: (
        f"Calls functions of the plugins {scopes}."
        if scopes
        else "Calls functions of every other GoatKit plugin."
    ),
    ("file", READ): _fixed("Reads files that it stored itself."),
    ("file", WRITE): _fixed("Stores and deletes files of its own."),
    ("article", READ): _fixed("Reads attachments of replies and notes."),
    ("article", WRITE): _fixed("Writes replies, internal notes and attachments on tickets."),
    ("ticket", READ): _fixed("Lists the statuses and views of tickets."),
    ("ticket", WRITE): _fixed("Changes the status of tickets."),
    ("custom_field", READ): _fixed("Reads its own custom fields on tickets."),
    ("custom_field", WRITE): _fixed("Sets its own custom fields on tickets."),
    ("record", READ): _fixed("Reads records that it stored itself."),
    ("record", WRITE): _fixed("Stores and deletes records of its own."),
    ("change_ticket", USE): _fixed(
        "Changes the status of tickets and its custom fields, and writes replies and notes that "
        "notify staff, in its own name: also for people who can see a ticket but not change it."
    ),
    ("publish_event", USE): lambda scopes: (
        f"Publishes {f'the events {scopes}' if scopes else 'events'} to its open pages."
    ),
    ("public_route", USE): lambda scopes: (
        f"Responds without a login at {scopes or 'every route that does not require one'}."
    ),
    ("new_ticket", USE): _fixed("Reads what somebody writes in a new ticket before they send it."),
}
_ALL_EVENTS = "Receives every ticket event, including replies and internal notes."
_HIDES = "Hides {name} in everybody's navigation."
_LANDS = "Chooses the page that agents see after login."
_NAVIGATION = f"Hides entries in everybody's navigation. {_LANDS}"

_WARNINGS: Mapping[tuple[str, str, bool], str] = {
    (
        "http",
        USE,
        False,
    ): "It can send all data that it reads anywhere. Grant single hosts instead.",
    ("email", USE, False): (
        "It can send all data that it reads to anybody. Grant single domains instead."
    ),
    ("db", READ, False): "This includes names and email addresses of people.",
    ("public_route", USE, True): "Anybody who can reach this server can call it.",
    ("public_route", USE, False): "Anybody who can reach this server can call them.",
    ("article", WRITE, False): "The people who submitted the tickets can see what it writes.",
    ("change_ticket", USE, False): "It decides by itself who may bring such a change about.",
    ("plugin_call", USE, False): "Other plugins may have permissions that this one lacks.",
}
"""By kind, access, and whether there is a scope."""


def sentence(wish: Permission) -> str:
    """Return what a permission means, in plain words."""
    if wish.kind == "ticket_event":
        return " ".join(view.sentence for view in _events(wish)) or _ALL_EVENTS
    if wish.kind == "navigation":
        return " ".join(map(_navigation, wish.scope)) or _NAVIGATION
    scopes = _listed(wish.scope)
    return " ".join(_SENTENCES[wish.kind, access](scopes) for access in _accesses(wish))


def warning(wish: Permission) -> str | None:
    """Return what to think of before granting this, None where there is nothing."""
    found = [_WARNINGS.get((wish.kind, access, bool(wish.scope))) for access in _accesses(wish)]
    if wish.kind == "ticket_event":
        found = [view.warning for view in _events(wish)]
    return next((words for words in found if words is not None), None)


def ask(wish: Permission, path: str = "") -> Ask:
    """Put a permission into words."""
    return Ask(wish, sentence(wish), warning(wish), path)


def asked(registration: Registration) -> tuple[Ask, ...]:
    """Return what the registration asks for, declared or by what it uses, in the order shown."""
    found = {
        wish: ask(wish, f"resources.permissions[{index}]")
        for index, wish in enumerate(registration.resources.permissions)
    }
    public = [route.path for route in registration.routes if route.access.asks_to_be_public]
    wishes = (
        ("routes", "public_route", public),
        ("hide_menu_items", "navigation", [f"hide.{n}" for n in registration.hide_menu_items]),
        ("landing_page", "navigation", [LANDING_PAGE] if registration.landing_page else []),
        ("events", "ticket_event", list(registration.events)),
    )
    for path, kind, scope in wishes:
        # Each by itself, so that one can be granted without the other.
        for one in scope:
            wish = permission(kind, USE, [one])
            found.setdefault(wish, ask(wish, path))
    if registration.custom_fields:
        wish = permission("custom_field", READWRITE)
        found.setdefault(wish, ask(wish, "custom_fields"))
    if any(widget.location == NEW_TICKET for widget in registration.widgets):
        wish = permission("new_ticket", USE)
        found.setdefault(wish, ask(wish, "widgets"))
    return tuple(found.values())


def declares_nothing(registration: Registration) -> bool:
    """Tell whether the plugin says nothing of permissions, as all of the first generation do."""
    return not registration.resources.permissions


def choices() -> tuple[Ask, ...]:
    """Return everything that can be granted without a scope, for plugins that declare nothing."""
    return tuple(
        ask(Permission(kind, access)) for kind, accesses in ACCESSES.items() for access in accesses
    )


def _accesses(wish: Permission) -> tuple[str, ...]:
    return (READ, WRITE) if wish.access == READWRITE else (wish.access,)


def _listed(scopes: tuple[str, ...]) -> str:
    if len(scopes) < 2:
        return "".join(scopes)
    return f"{', '.join(scopes[:-1])} and {scopes[-1]}"


def _navigation(scope: str) -> str:
    return _LANDS if scope == LANDING_PAGE else _HIDES.format(name=scope.removeprefix("hide."))


def _events(wish: Permission) -> tuple[PermissionView, ...]:
    """Return the same words as for plugins of the other contract."""
    return permission_views(EVENT_PREFIX + event for event in wish.scope)
