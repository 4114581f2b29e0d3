"""One delivery as a file: what a plugin was given and told, and how it ended, without secrets.

An admin hands it to the plugin's author, who can try the same event with the same answers elsewhere
(``ohd plugin run --delivery``). Configuration, version and limits are those of the moment at which
it is written; everything else is as it was recorded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Literal

import msgspec

from supervisor.limits import Limits
from supervisor.states import DeliveryKind
from supervisor.store.plugins import PluginRow
from supervisor.views import DeliveryView, LogLine


class PluginPart(msgspec.Struct, kw_only=True, frozen=True):
    """Which plugin."""

    id: str
    version: str
    sha256: str
    """Of the module."""


class OutcomePart(msgspec.Struct, kw_only=True, frozen=True):
    """Outcome."""

    id: str
    """Of the delivery."""
    outcome: str
    """See ``views.Outcome``."""
    error: str | None
    """Error, with the guest's backtrace."""
    started_at: str
    duration_ms: float
    memory_bytes: int | None
    redelivered: bool
    kind: str = DeliveryKind.EVENT.value
    """See ``states.DeliveryKind``."""
    function: str | None = None
    """The function that was called; None for an event."""
    called_for: str | None = None
    """The route, widget, job or plugin that it was called for."""


class HostCallPart(msgspec.Struct, kw_only=True, frozen=True):
    """One host call, in the order in which the plugin made them."""

    name: str
    """Such as ``ohd_http_request``."""
    request: dict[str, Any]
    """URLs up to 2,000 characters, other texts up to 200; what is longer ends with an ellipsis."""
    status: int
    duration_ms: float
    detail: str | None
    answer: str | None = None
    """Of an HTTP request: the first 4,096 characters of the body. None where it was empty."""
    answer_cut: bool = False


class LogPart(msgspec.Struct, kw_only=True, frozen=True):
    """One line that was logged meanwhile."""

    at: str
    level: str
    message: str


class DeliveryDocument(msgspec.Struct, kw_only=True, frozen=True):
    """The whole file, as JSON."""

    format: Literal[1] = 1
    plugin: PluginPart
    delivery: OutcomePart
    event: dict[str, Any] | None
    """What ``on_event`` was given, ``config`` among it with ``(secret)`` for each secret; None
    where the event has been deleted, and for a call."""
    arguments: str | None = None
    """Of a call: JSON, cut where it was long. None for an event, and where there were none."""
    host_calls: list[HostCallPart]
    logs: list[LogPart]
    limits: dict[str, int | float]
    """See ``limits.Limits``: sizes in bytes, times in seconds."""


def make_document(
    row: PluginRow,
    view: DeliveryView,
    event: Mapping[str, Any] | None,
    lines: Iterable[LogLine],
    limits: Limits,
    *,
    arguments: str | None = None,
) -> DeliveryDocument:
    """Return the document; ``event`` and everything else is without secrets already."""
    return DeliveryDocument(
        plugin=PluginPart(id=row.id, version=row.manifest.version, sha256=row.sha256),
        delivery=OutcomePart(
            id=view.id,
            outcome=view.outcome.value,
            error=view.error,
            started_at=view.started_at,
            duration_ms=view.duration_ms,
            memory_bytes=view.memory_bytes,
            redelivered=view.redelivered,
            kind=view.kind.value,
            function=view.function,
            called_for=None if view.kind is DeliveryKind.EVENT else view.event,
        ),
        event=None if event is None else dict(event),
        arguments=arguments,
        host_calls=msgspec.convert(view.host_calls, list[HostCallPart]),
        logs=[LogPart(at=line.at, level=line.level, message=line.message) for line in lines],
        limits=asdict(limits),
    )
