"""The panels of one plugin that people wait for: each asked for once, and answered in any case.

A panel's URL comes from a guest: it is checked here before a browser gets it.
"""

from supervisor.delivery.work import PanelRequest, PluginWork, panel_work
from supervisor.egress.errors import HostNotDeclared, RequestFailed
from supervisor.egress.url import parse_target
from supervisor.views import PanelResult

_ALL_PORTS = frozenset(range(1, 65536))


class PanelQueue:
    """Used by the runner's task, its session's, and those of the people who wait."""

    def __init__(self) -> None:
        self._waiting: list[PanelRequest] = []

    def add(self, request: PanelRequest) -> None:
        """Somebody waits for a panel."""
        self._waiting.append(request)

    def drop(self, request: PanelRequest) -> None:
        """Nobody waits any more."""
        if request in self._waiting:
            self._waiting.remove(request)

    def next(self) -> PluginWork | None:
        """Return the guest call for the next one that no child has been asked for."""
        for request in self._waiting:
            if not request.sent:
                request.sent = True
                return panel_work(request)
        return None

    def answer(self, request: PanelRequest, result: PanelResult) -> None:
        """Give the one who waits the result of a guest call."""
        request.finish(result)
        self.drop(request)

    def requeue(self) -> None:
        """Let everything come again: the child that was asked is gone."""
        for request in self._waiting:
            request.sent = False

    def close(self) -> None:
        """Tell everybody who still waits that nothing will come."""
        for request in self._waiting:
            request.finish(PanelResult(None, "the plugin was disabled"))
        self._waiting.clear()


def panel_problem(url: str, allowed_hosts: frozenset[str], *, plain_http: bool) -> str | None:
    """Return why ``url`` may not be framed, None where it may.

    ``plain_http``: whether the operator allows panels without TLS.
    """
    try:
        target = parse_target(url, allowed_hosts, _ALL_PORTS)
    except HostNotDeclared as exc:
        return f"the panel's URL is on a host that the manifest does not declare: {exc}"
    except RequestFailed as exc:
        return f"the panel's URL cannot be used: {exc}"
    if target.scheme != "https" and not plain_http:
        return "the panel's URL must be https; the operator can allow http in config.toml"
    return None
