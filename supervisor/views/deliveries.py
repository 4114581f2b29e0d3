"""What is shown of deliveries and of what plugins logged."""

from dataclasses import dataclass
from typing import Any

from supervisor.states import Outcome


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


ANY_DELIVERY = DeliveryFilter()


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """One delivery with what the plugin was given."""

    delivery: DeliveryView
    payload: str | None
    """The event as the plugin got it, indented JSON with every secret taken out; None where the
    event is no longer kept."""
    can_redeliver: bool
    """Whether the event is still kept and the plugin is enabled."""
    logs: tuple[LogLine, ...]
    """What the plugin logged meanwhile."""
