"""What a page process reports each second: the requests that it has answered."""

import time
from collections.abc import Sequence

from quart import Quart, Response, g, request

ANSWERED = frozenset({200, 304})
"""What a page process says itself; whatever else a request comes to, it gives back."""
MOST_KEPT = 20_000
"""Requests between two reports; a process answers a few hundred a second."""

Counted = tuple[str, str, str, float]


class Tally:
    """The requests answered since the last report."""

    def __init__(self) -> None:
        self._kept: list[Counted] = []

    def install(self, app: Quart) -> None:
        """Count every request of the app that is answered here."""
        app.before_request(self._begin)
        app.after_request(self._end)

    def take(self) -> Sequence[Counted]:
        """Return what was counted, and forget it."""
        kept, self._kept = self._kept, []
        return kept

    async def _begin(self) -> None:
        g.began = time.monotonic()

    async def _end(self, response: Response) -> Response:
        if response.status_code in ANSWERED and len(self._kept) < MOST_KEPT:
            seconds = time.monotonic() - g.began
            part = request.blueprint or "none"
            self._kept.append((part, request.method, str(response.status_code), seconds))
        return response
