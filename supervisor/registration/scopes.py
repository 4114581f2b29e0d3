"""Scopes of permissions: how each kind's is written, and which subject it covers.

A scope covers a subject as a whole or not at all: names are equal, ``*.example.com`` covers hosts
below that one, ``ticket_*`` tables that begin so, ``@example.com`` addresses of that very domain.
No scope is ever searched for inside a text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from supervisor.registration.paths import path_problem

MEMBERS = "members"
"""Scope and subject of ``email``: people with an account of the help desk."""
LANDING_PAGE = "landing_page"

_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
)
_TABLE = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'+/=?^_`{|}~-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScopeKind:
    """How the scopes of one kind of permission work."""

    expected: str
    """What may stand there, as a phrase with an example."""
    read: Callable[[str], str | None]
    """Returns a scope in its one spelling, None for what is none."""
    subject: Callable[[str], str | None]
    """Returns what is asked for in its one spelling, None for what cannot be asked for."""
    covers: Callable[[str, str], bool] = str.__eq__


def _host(text: str) -> str | None:
    lowered = text.lower() if text.isascii() else ""
    return lowered if _HOST.fullmatch(lowered) else None


def _host_scope(text: str) -> str | None:
    if text.startswith("*."):
        below = _host(text[2:])
        return None if below is None or "." not in below else f"*.{below}"
    return _host(text)


def _host_covers(scope: str, host: str) -> bool:
    return host.endswith(scope[1:]) if scope.startswith("*.") else host == scope


def _table(text: str) -> str | None:
    lowered = text.lower() if text.isascii() else ""
    return lowered if _TABLE.fullmatch(lowered) else None


def _table_scope(text: str) -> str | None:
    if text.endswith("*"):
        stem = _table(text[:-1])
        return None if stem is None else f"{stem}*"
    return _table(text)


def _table_covers(scope: str, table: str) -> bool:
    return table.startswith(scope[:-1]) if scope.endswith("*") else table == scope


def _address(text: str) -> str | None:
    if text == MEMBERS:
        return text
    local, at, domain = text.partition("@")
    host = _host(domain)
    return f"{local}@{host}" if at and host and _LOCAL.fullmatch(local) else None


def _address_scope(text: str) -> str | None:
    if text.startswith("@"):
        host = _host(text[1:])
        return None if host is None else f"@{host}"
    return _address(text)


def _address_covers(scope: str, address: str) -> bool:
    if scope.startswith("@"):
        return address.rpartition("@")[2] == scope[1:]
    return address == scope


def _word(text: str) -> str | None:
    lowered = text.lower() if text.isascii() else ""
    return lowered if _WORD.fullmatch(lowered) else None


def _path(text: str) -> str | None:
    return None if path_problem(text) else text


TABLES = ScopeKind('a table such as "ticket" or "gk_kb_*"', _table_scope, _table, _table_covers)
HOSTS = ScopeKind(
    'a host such as "api.example.com" or "*.example.com"', _host_scope, _host, _host_covers
)
ADDRESSES = ScopeKind(
    'a mail domain such as "@example.com", an address, or "members"',
    _address_scope,
    _address,
    _address_covers,
)
PLUGINS = ScopeKind('a plugin\'s name such as "stats"', _word, _word)
EVENTS = ScopeKind('an event such as "ticket.created"', _word, _word)
NAVIGATION = ScopeKind(f'"hide.tickets" and the like, or "{LANDING_PAGE}"', _word, _word)
PATHS = ScopeKind('a declared path such as "/api/plugins/NAME/list"', _path, _path)

BY_KIND: Mapping[str, ScopeKind] = {
    "db": TABLES,
    "http": HOSTS,
    "email": ADDRESSES,
    "plugin_call": PLUGINS,
    "publish_event": EVENTS,
    "ticket_event": EVENTS,
    "public_route": PATHS,
    "navigation": NAVIGATION,
}
"""Kinds that are missing here are granted as a whole."""
