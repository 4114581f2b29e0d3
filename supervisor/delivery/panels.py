"""The panels of one plugin that people wait for: each asked for once, and answered in any case.

Must not know what a panel's URL has to be like.
"""

from supervisor.delivery.work import PanelRequest, PluginWork, panel_work
from supervisor.views import PanelResult


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
