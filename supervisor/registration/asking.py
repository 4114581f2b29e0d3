"""What a plugin asks for, and all that can be granted, in sentences for the review page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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

Words = Callable[[str], str]
"""Makes a sentence of the scopes, listed; of an empty text where there are none."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One permission in words."""

    permission: Permission
    sentence: str
    warning: str | None
    """What an admin should think of before granting it."""
    path: str
    """Where the registration asks for it; empty where it does not."""


def _fixed(sentence: str) -> Words:
    return lambda _scopes: sentence


_SENTENCES: Mapping[tuple[str, str], Words] = {
    ("db", READ): lambda scopes: (
        f"Reads the tables {scopes} of tickets, queues and people."
        if scopes
        else "Reads every table of tickets, queues and people that plugins can see."
    ),
    ("db", WRITE): _fixed("Keeps tables of its own in a database file of its own."),
    ("cache", READ): _fixed("Reads what it keeps in its cache."),
    ("cache", WRITE): _fixed("Keeps values in its cache."),
    ("http", USE): lambda scopes: (
        f"Sends requests to {scopes}, with any data it receives."
        if scopes
        else "Sends requests to any host on the internet, with any data it receives."
    ),
    ("email", USE): lambda scopes: (
        f"Sends email to {scopes.replace(MEMBERS, 'people with an account here')}."
        if scopes
        else "Sends email to any address."
    ),
    ("config", USE): _fixed("Reads this site's name, time zone and environment."),
    ("secure_config", READ): _fixed("Reads its own stored secrets."),
    ("secure_config", WRITE): _fixed("Stores secrets of its own, encrypted."),
    ("plugin_call", USE): lambda scopes: (
        f"Calls functions of the plugins {scopes}."
        if scopes
        else "Calls functions of every other GoatKit plugin."
    ),
    ("file", READ): _fixed("Reads the files that it stored."),
    ("file", WRITE): _fixed("Stores and deletes files of its own."),
    ("article", READ): _fixed("Reads attachments of replies and notes."),
    ("article", WRITE): _fixed("Writes replies, internal notes and attachments on tickets."),
    ("ticket", READ): _fixed("Lists the statuses and views of tickets."),
    ("ticket", WRITE): _fixed("Changes the status of tickets."),
    ("custom_field", READ): _fixed("Reads its own custom fields of tickets."),
    ("custom_field", WRITE): _fixed("Sets its own custom fields of tickets."),
    ("publish_event", USE): lambda scopes: (
        f"Publishes the events {scopes} to pages and plugins that listen."
        if scopes
        else "Publishes events to pages and plugins that listen."
    ),
    ("ticket_event", USE): lambda scopes: (
        f"Receives the ticket events {scopes}, with what they tell."
        if scopes
        else "Receives every ticket event, with what they tell."
    ),
    ("public_route", USE): lambda scopes: (
        f"Answers strangers, without a login, at {scopes}."
        if scopes
        else "Answers strangers, without a login, at each of its routes that asks for no login."
    ),
    ("navigation", USE): lambda scopes: (
        f"Changes the navigation for everybody: {_navigation(scopes)}."
        if scopes
        else "Hides entries of the navigation and chooses where agents land after login."
    ),
}

_WARNINGS: Mapping[tuple[str, str, bool], str] = {
    ("http", USE, False): "It can send out all that it can read. Name the hosts instead.",
    ("email", USE, False): (
        "It can send all that it can read to any address. Name the domains instead."
    ),
    ("db", READ, False): "That includes names and email addresses of people.",
    ("public_route", USE, True): "Anybody who can reach this server can call it.",
    ("public_route", USE, False): "Anybody who can reach this server can call them.",
    ("article", WRITE, False): "The people who submitted the tickets can see what it writes.",
    ("plugin_call", USE, False): "It can ask other plugins for what only they may read.",
}
"""By kind, access, and whether there is a scope."""


def sentence(wish: Permission) -> str:
    """Return what a permission means, in plain words."""
    scopes = _listed(wish.scope)
    return " ".join(_SENTENCES[wish.kind, access](scopes) for access in _accesses(wish))


def warning(wish: Permission) -> str | None:
    """Return what to think of before granting this, None where there is nothing."""
    found = [_WARNINGS.get((wish.kind, access, bool(wish.scope))) for access in _accesses(wish)]
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


def _navigation(scopes: str) -> str:
    landing = "chooses where agents land after login"
    return scopes.replace(LANDING_PAGE, landing).replace("hide.", "hides ")
