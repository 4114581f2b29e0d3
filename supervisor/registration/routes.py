"""Routes: what a plugin answers, at which path, and for whom."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from supervisor.manifest.errors import describe
from supervisor.registration.paths import path_problem, segments_of, shape_of
from supervisor.registration.reading import MAX_TEXT, Broken, Part
from supervisor.registration.reserved import reserved

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_ROUTES = 200
MAX_MIDDLEWARE = 20
_GROUP = re.compile(r"group:[^:,\s]+(?: [^:,\s]+)*|plugin:[^:,\s]+:[^:,\s]+")
_MIDDLEWARE = "auth, admin, webhook, group:NAME or plugin:NAME:GROUP"


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """Who may call. Without any word a login is needed, until ``public_route`` is granted."""

    login: bool = False
    """A login is needed, whatever was granted."""
    admin: bool = False
    groups: tuple[str, ...] = ()
    """Each must hold: ``group:NAME`` or ``plugin:NAME:GROUP``, as declared."""
    webhook: bool = False
    """The request carries a signature in place of a login."""

    @property
    def asks_to_be_public(self) -> bool:
        """Tell whether strangers reach it once that is granted."""
        return not self.login


@dataclass(frozen=True, slots=True)
class Route:
    """One route; ``path`` is absolute, with ``:name`` segments."""

    method: str
    path: str
    handler: str
    access: RouteAccess
    description: str

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments, without slashes."""
        return segments_of(self.path)


def read_routes(root: Part) -> tuple[Route, ...]:
    """Return the routes that can be served; the others are warned of."""
    taken: dict[tuple[str, tuple[str, ...]], Route] = {}

    def read(part: Part) -> Route:
        route = _read_route(part)
        key = (route.method, shape_of(route.segments))
        if key in taken:
            found = (
                f"{route.method} {route.path}, claimed by {describe(taken[key].handler)} already"
            )
            raise Broken(part.at("path"), found, "one route for each path and method")
        taken[key] = route
        return route

    return root.each("routes", MAX_ROUTES, "route", read)


def _read_route(part: Part) -> Route:
    method = part.word("method", METHODS, "GET")  # as that platform has it
    path = part.need_line("path")
    trimmed = path.removesuffix("/") if path.count("/") > 1 else path
    problem = path_problem(trimmed)
    if problem is not None:
        raise part.broken("path", problem)
    reason = reserved(segments_of(trimmed))
    if reason is not None:
        raise Broken(part.at("path"), f"{describe(path)}, {reason}", "another path")
    return Route(
        method=method,
        path=trimmed,
        handler=part.need_line("handler"),
        access=_read_access(part),
        description=part.text("description", MAX_TEXT, lines=True),
    )


def _read_access(part: Part) -> RouteAccess:
    # A word that is not known may have been meant to keep people out: the route goes, not the word.
    if part.has("middleware") and not isinstance(part.value("middleware"), list):
        raise part.broken("middleware", f"an array of {_MIDDLEWARE}")
    words: list[str] = []
    for place, word in part.items("middleware", MAX_MIDDLEWARE + 1):
        if len(words) == MAX_MIDDLEWARE:
            raise part.broken("middleware", f"at most {MAX_MIDDLEWARE} words")
        known = isinstance(word, str) and len(word) <= 200
        if not known or not (word in {"auth", "admin", "webhook"} or _GROUP.fullmatch(word)):
            raise Broken(place, describe(word), _MIDDLEWARE)
        words.append(word)
    groups = tuple(dict.fromkeys(word for word in words if ":" in word))
    return RouteAccess(
        login=bool(groups) or "auth" in words or "admin" in words,
        admin="admin" in words,
        groups=groups,
        webhook="webhook" in words,
    )


def strictest(accesses: Iterable[RouteAccess]) -> RouteAccess:
    """Return what satisfies all of them; a function that is called by its name needs a login."""
    all_of = tuple(accesses)
    return RouteAccess(
        login=True,
        admin=any(access.admin for access in all_of),
        groups=tuple(dict.fromkeys(group for access in all_of for group in access.groups)),
        webhook=any(access.webhook for access in all_of),
    )
