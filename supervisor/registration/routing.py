"""Finds the route of a request among those of all plugins, and claims that meet.

Routes lie in drawers by their count of segments and their first one, which is always a word: so a
request is compared with few, however many there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from supervisor.registration.paths import bind, overlap, segments_of
from supervisor.registration.routes import METHODS, Route

Claims = Iterable[tuple[str, Sequence[Route]]]
"""Plugin ids with their routes."""


@dataclass(frozen=True, slots=True)
class Match:
    """The route of one request."""

    plugin_id: str
    route: Route
    params: Mapping[str, str]
    """Path parameters by name, decoded."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A route of a plugin that another plugin has already."""

    route: Route
    other_id: str
    other_route: Route

    def __str__(self) -> str:
        return (
            f"{self.route.method} {self.route.path} is claimed by {self.other_id} already "
            f"({self.other_route.method} {self.other_route.path})"
        )


class RouteTable:
    """The routes of some plugins; rebuilt when one of them changes."""

    def __init__(self, claims: Claims) -> None:
        self._drawers: dict[tuple[int, str], list[tuple[str, Route]]] = {}
        for plugin_id, routes in claims:
            for route in routes:
                drawer = self._drawers.setdefault(_drawer(route.segments), [])
                drawer.append((plugin_id, route))

    def find(self, method: str, path: str) -> Match | None:
        """Return the route of a request; a word wins over a ``:name``.

        ``path`` is the request's as it came, undecoded and without its query: what was decoded
        before cannot be told from what was written.
        """
        found = (match for match in self._at(path) if match.route.method == method)
        return min(found, key=lambda match: _generality(match.route), default=None)

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that there are at a request's path, for 405 and Allow."""
        found = {match.route.method for match in self._at(path)}
        return tuple(method for method in METHODS if method in found)

    def conflicts(self, routes: Iterable[Route]) -> tuple[Conflict, ...]:
        """Return, for each of ``routes`` that overlaps with one of the table, the first such claim.

        ``/kb/:id`` and ``/kb/new`` overlap: else the second plugin would take paths from the first.
        """
        return tuple(
            Conflict(route, *claim)
            for route in routes
            if (claim := self._first_claim(route)) is not None
        )

    def _first_claim(self, route: Route) -> tuple[str, Route] | None:
        for plugin_id, theirs in self._drawers.get(_drawer(route.segments), ()):
            if theirs.method == route.method and overlap(route.segments, theirs.segments):
                return plugin_id, theirs
        return None

    def _at(self, path: str) -> Iterator[Match]:
        if not path.startswith("/"):
            return
        segments = segments_of(path)
        for plugin_id, route in self._drawers.get(_drawer(segments), ()):
            params = bind(route.segments, segments)
            if params is not None:
                yield Match(plugin_id, route, params)


def _drawer(segments: tuple[str, ...]) -> tuple[int, str]:
    return len(segments), segments[0]


def _generality(route: Route) -> list[bool]:
    return [segment.startswith(":") for segment in route.segments]
