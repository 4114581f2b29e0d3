"""Functions of GoatKit plugins, as routes, widgets, jobs and other plugins call them.

A call runs for somebody, in a time of its own, and is answered in any case. What a plugin returns
is JSON and nothing more is known of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import trio

from supervisor.calls.behalf import NOBODY, Behalf
from supervisor.contracts import GoatkitDescription
from supervisor.delivery.function_calls import COMMAND, CallRequest, Occasion
from supervisor.delivery.offers import permissions_of
from supervisor.delivery.runner import PluginRunner
from supervisor.delivery.runners import Runners
from supervisor.errors import NotRunning
from supervisor.plugins.registry import PluginRegistry
from supervisor.registration import Job, Registration, Route, RouteTable, allows
from supervisor.registration.grants import FunctionRefused
from supervisor.states import DeliveryKind, Outcome
from supervisor.store.plugins import PluginRow
from supervisor.views import CallResult

LONGEST_CALL_S = 30.0


@dataclass(frozen=True, slots=True)
class FoundRoute:
    """A route of an enabled plugin that a request is for."""

    plugin_id: str
    plugin_name: str
    route: Route
    params: dict[str, str]
    is_public: bool
    """Whether its admin lets anybody call it, without a login."""

    @property
    def occasion(self) -> Occasion:
        """What its calls are made for, in the delivery log."""
        return Occasion(DeliveryKind.ROUTE, f"{self.route.method} {self.route.path}")


class PluginFunctions:
    """See the module."""

    def __init__(self, installed: PluginRegistry, runners: Runners) -> None:
        self._installed = installed
        self._runners = runners
        self._routes: tuple[tuple[PluginRow, ...], RouteTable] = ((), RouteTable(()))

    def find_route(self, method: str, raw_path: str) -> FoundRoute | None:
        """Return whose route a request is for; ``raw_path`` is as it was sent, without a query."""
        match = self._table().find(method, raw_path)
        if match is None:
            return None
        row = self._installed.row(match.plugin_id)
        public = match.route.access.asks_to_be_public and allows(
            permissions_of(row), "public_route", "use", match.route.path
        )
        return FoundRoute(
            row.id, row.manifest.name, match.route, dict(match.params), is_public=public
        )

    def methods(self, raw_path: str) -> tuple[str, ...]:
        """Return the methods that plugins take at a path."""
        return self._table().methods(raw_path)

    async def call(
        self,
        plugin_id: str,
        function: str,
        arguments: bytes,
        behalf: Behalf,
        *,
        occasion: Occasion = COMMAND,
        most_s: float | None = None,
    ) -> CallResult:
        """Call a function, for as long as the plugin's calls may take and at most ``most_s``.

        Raises PluginNotFound, NotRunning.
        """
        row, runner = self._running(plugin_id)
        seconds = self._seconds(row)
        if most_s is not None:
            seconds = min(seconds, most_s)
        request = CallRequest(function, arguments, seconds, behalf, occasion)
        # What runs before it may take its whole time, then it may.
        return await runner.call(request, seconds + runner.limits.deadline_s)

    async def run_job(self, plugin_id: str, job: Job) -> CallResult:
        """Run a job in a process of its own; raises PluginNotFound, NotRunning."""
        _, runner = self._running(plugin_id)
        occasion = Occasion(DeliveryKind.JOB, job.id)
        behalf = Behalf(is_background=True)
        return await runner.run_job(CallRequest(job.handler, b"", job.timeout_s, behalf, occasion))

    def refused(self, found: FoundRoute, why: str) -> None:
        """Put a request on record that does not reach the plugin."""
        runner = self._runners.get(found.plugin_id)
        if runner is not None:
            request = CallRequest(found.route.handler, b"", 0.0, NOBODY, found.occasion)
            runner.recorder.dropped_call(request, Outcome.DROPPED, why)

    def _running(self, plugin_id: str) -> tuple[PluginRow, PluginRunner]:
        row = self._installed.row(plugin_id)
        runner = self._runners.get(plugin_id)
        if runner is None:
            raise NotRunning(plugin_id, "it is disabled")
        return row, runner

    def _seconds(self, row: PluginRow) -> float:
        """Return how long a call of a plugin may take: the requested time, up to a ceiling."""
        description = row.description
        asked = None
        if isinstance(description, GoatkitDescription):
            asked = description.registration.resources.call_timeout_s
        runner = self._runners.get(row.id)
        default = runner.limits.deadline_s if runner else LONGEST_CALL_S
        return min(max(asked or default, default), LONGEST_CALL_S)

    def _table(self) -> RouteTable:
        rows = tuple(row for row, _ in self._enabled())
        if rows != self._routes[0]:
            claims = ((row.id, registration.routes) for row, registration in self._enabled())
            self._routes = (rows, RouteTable(claims))
        return self._routes[1]

    def _enabled(self) -> Iterator[tuple[PluginRow, Registration]]:
        for row in self._installed.rows():
            if row.enabled and isinstance(row.description, GoatkitDescription):
                yield row, row.description.registration


class NeighbourCalls:
    """Calls of one plugin by another, for the same person and in the time that is left."""

    def __init__(self, installed: PluginRegistry, functions: PluginFunctions) -> None:
        self._installed = installed
        self._functions = functions

    async def call(
        self, name: str, function: str, arguments: bytes, behalf: Behalf, deadline: float
    ) -> bytes:
        """Call a function of another plugin; raises FunctionRefused."""
        plugin_id = f"goatkit.{name}"
        row = self._installed.find(plugin_id)
        if row is None or not isinstance(row.description, GoatkitDescription):
            raise FunctionRefused(f"there is no plugin {name!r}")
        if plugin_id in behalf.chain:
            raise FunctionRefused(f"{name} waits for this call already")
        left = deadline - trio.current_time()
        try:
            result = await self._functions.call(
                plugin_id,
                function,
                arguments,
                behalf,
                occasion=Occasion(DeliveryKind.PLUGIN, behalf.chain[-1] if behalf.chain else ""),
                most_s=max(left, 0.001),
            )
        except NotRunning as exc:
            raise FunctionRefused(str(exc)) from None
        if result.error is not None:
            raise FunctionRefused(f"{name}.{function} failed: {result.error}")
        return result.value or b"null"
