"""Views of deliveries and log lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supervisor.states import DeliveryKind, Outcome


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery as the log keeps it."""

    id: str
    plugin_id: str
    event_id: str
    event: str
    ticket_id: str
    outcome: Outcome
    error: str | None
    started_at: str
    duration_ms: float
    memory_bytes: int | None
    host_calls: tuple[dict[str, Any], ...]
    redelivered: bool
    kind: DeliveryKind = DeliveryKind.EVENT
    """An event, or what a function was called for; then ``event`` says more: the path of a route,
    the ID of a widget, a job, or the plugin that called, and ``event_id`` is the call's own."""
    function: str | None = None
    """The function that was called; None for an event."""
    person: str | None = None
    """ID of the user for whom it was called; None for an event, a job, or a visitor."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a plugin, or the supervisor on its behalf, logged."""

    id: int
    """Grows; what a live tail goes on from."""
    at: str
    plugin_id: str
    level: str
    message: str
    delivery_id: str | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are wanted; None leaves a thing open."""

    outcome: Outcome | None = None
    only_errors: bool = False
    event: str | None = None
    """Its name, such as ``ticket.created``."""
    event_id: str | None = None
    ticket_id: str | None = None
    redelivered: bool | None = None
    kind: DeliveryKind | None = None
    function: str | None = None


ANY_DELIVERY = DeliveryFilter()


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """One delivery with what the plugin was given."""

    delivery: DeliveryView
    payload: str | None
    """The event as the plugin got it, or the arguments of a call: indented JSON with every secret
    redacted; None where the event has been deleted, or a call had no arguments."""
    can_redeliver: bool
    """Whether the event is still kept and the plugin is enabled."""
    logs: tuple[LogLine, ...]
    """The plugin's log lines during the delivery."""


@dataclass(frozen=True, slots=True)
class HostCallRecord:
    """One host call as the delivery log keeps it."""

    name: str
    request: Mapping[str, Any]
    """Request, without secrets."""
    status: int
    duration_ms: float
    detail: str | None
    answer: str | None = None
    """Start of an HTTP response, without secrets; None if there is none."""
    answer_cut: bool = False

    def row(self) -> dict[str, Any]:
        """Return it as plain values."""
        row = {
            "name": self.name,
            "request": dict(self.request),
            "status": self.status,
            "duration_ms": round(self.duration_ms, 3),
            "detail": self.detail,
        }
        if self.answer is not None:
            row |= {"answer": self.answer, "answer_cut": self.answer_cut}
        return row
