"""Counts requests by their part of the app, for ``/metrics``; never by address or by person."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from quart import Quart, Response, g, request

_KEY = "open_help_desk_traffic"
_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traffic:
    """The counters of one app, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ohd_http_requests",
            "Requests answered.",
            ("part", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "ohd_http_request_seconds",
            "Time until the response began.",
            ("part",),
            buckets=_BOUNDS_S,
            registry=self.registry,
        )

        self._elsewhere = Counter(
            "ohd_page_process_requests",
            "Requests answered by page processes; ohd_http_requests includes them.",
            registry=self.registry,
        )
        self._processes = Gauge(
            "ohd_page_processes",
            "Page processes that take connections.",
            registry=self.registry,
        )

    def follow(self, processes: Callable[[], int]) -> None:
        """Ask ``processes`` from now on how many page processes take connections."""
        self._processes.set_function(processes)

    async def begin(self) -> None:
        """Note when the request came."""
        g.began = time.monotonic()

    async def end(self, response: Response) -> Response:
        """Count the request."""
        part = request.blueprint or "none"
        # What a client sends as a method is its own to choose.
        method = request.method if request.method in _METHODS else "other"
        began = g.get("began")
        seconds = None if began is None else time.monotonic() - began
        self.count(part, method, str(response.status_code), seconds)
        return response

    def count(self, part: str, method: str, status: str, seconds: float | None) -> None:
        """Count a request that was answered."""
        self._requests.labels(part, method, status).inc()
        if seconds is not None:
            self._seconds.labels(part).observe(seconds)

    def count_elsewhere(self, part: str, method: str, status: str, seconds: float) -> None:
        """Count a request that a page process has answered."""
        self._elsewhere.inc()
        self.count(part, method, status, seconds)


def install(app: Quart) -> None:
    """Count every request of the app."""
    traffic = Traffic()
    app.extensions[_KEY] = traffic
    app.before_request(traffic.begin)
    app.after_request(traffic.end)


def traffic_of(extensions: dict[str, object]) -> Traffic:
    """Return the counters of an app, by its ``extensions``."""
    found = extensions[_KEY]
    assert isinstance(found, Traffic)  # noqa: S101 - only install() puts anything there
    return found
