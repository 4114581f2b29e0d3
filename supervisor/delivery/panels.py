"""The panels of one plugin that people wait for: each asked for once, and answered in any case.

However many people wait for the same panel, the plugin renders it once.
A panel's URL comes from a guest: it is checked here before a browser gets it.
"""

from supervisor.delivery.work import PanelRequest
from supervisor.egress.errors import HostNotDeclared, RequestFailed
from supervisor.egress.url import parse_target
from supervisor.views import PanelResult

_ALL_PORTS = frozenset(range(1, 65536))


MOST_WAITING = 64
"""Different panels of one plugin that people wait for at once."""


class PanelQueue:
    """Used by the runner's task, its session's, and those of the people who wait."""

    def __init__(self) -> None:
        self._requests: dict[str, PanelRequest] = {}

    def join(self, ticket_id: str) -> PanelRequest | None:
        """Wait for a panel, together with whoever waits for it already; None: too many wait."""
        request = self._requests.get(ticket_id)
        if request is None:
            if len(self._requests) >= MOST_WAITING:
                return None
            request = self._requests[ticket_id] = PanelRequest(ticket_id)
        request.waiting += 1
        return request

    def leave(self, request: PanelRequest) -> None:
        """Wait no longer; what nobody waits for is not asked for."""
        request.waiting -= 1
        if not request.waiting and not request.sent:
            self._forget(request)

    def next(self) -> PanelRequest | None:
        """Return the next one that no child has been asked for."""
        for request in self._requests.values():
            if not request.sent:
                request.sent = True
                return request
        return None

    def answer(self, request: PanelRequest, result: PanelResult) -> None:
        """Give all who wait the result of a guest call."""
        request.finish(result)
        self._forget(request)

    def requeue(self) -> None:
        """Let everything come again: the child that was asked is gone."""
        for request in list(self._requests.values()):
            request.sent = False
            if not request.waiting:
                self._forget(request)

    def close(self) -> None:
        """Tell everybody who still waits that nothing will come."""
        for request in list(self._requests.values()):
            self.answer(request, PanelResult(None, "the plugin was disabled"))

    def _forget(self, request: PanelRequest) -> None:
        if self._requests.get(request.ticket_id) is request:
            del self._requests[request.ticket_id]


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
