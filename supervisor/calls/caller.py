"""Who makes a host call, and what is kept of it.

Must not know how a call is answered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox_child.wire.messages import LogLevel
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.limits import Limits
from supervisor.process.conversation import Work
from supervisor.secrets.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Caller:
    """The plugin that asks, as the supervisor knows it."""

    plugin_id: str
    name: str
    allowed_hosts: frozenset[str]
    """That its manifest declares and its admin has left it."""
    grants: frozenset[str]
    """Permissions that its manifest asks for and its admin has left it."""
    limits: Limits
    """Of the process that it asks from."""
    redact: Redactor
    secrets: BoundSecrets
    log: Callable[[LogLevel, str, Work | None], None]
    """Writes a line of the host's into the plugin's log."""
    depth: Callable[[Work], int]
    """Length of the chain of plugin causes that led to a guest call."""
    change: Callable[[int], str | None]
    """Notes a change to a ticket of so many bytes; returns why it must not be made, None where it
    may."""
    never_asked: frozenset[str] = frozenset()
    """Permissions that its module does not ask for at all."""
    withheld_hosts: frozenset[str] = frozenset()
    """That its manifest declares and its admin keeps from it."""


@dataclass(frozen=True, slots=True)
class HostCallRecord:
    """One host call as the delivery log keeps it."""

    name: str
    request: Mapping[str, Any]
    """What was asked, without secrets."""
    status: int
    duration_ms: float
    detail: str | None
    answer: str | None = None
    """What an HTTP request got: its first characters, without secrets; None where that is none."""
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
