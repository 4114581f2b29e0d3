"""Reads what a child says of its lockdown when it is ready."""

from collections.abc import Sequence
from typing import Any

import msgspec

from sandbox_child.wire.errors import MessageError
from supervisor.process.conversation import Occurrence, Ready

_MAX_CONTROLS = 64


class _Control(msgspec.Struct):
    name: str
    active: bool
    reason: str


_read_report = msgspec.json.Decoder(list[_Control]).decode


def controls_in_force(heard: Sequence[Occurrence[Any]]) -> tuple[str, ...]:
    """Return the names of a READY's active controls; raises MessageError for a misshapen report."""
    if not heard or not isinstance(heard[-1], Ready):
        return ()
    return active_controls(heard[-1].report)


def active_controls(blob: bytes) -> tuple[str, ...]:
    """Return the names of a report's active controls; raises MessageError."""
    try:
        report = _read_report(blob)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise MessageError("READY with a report that does not fit") from None
    return tuple(control.name for control in report[:_MAX_CONTROLS] if control.active)
