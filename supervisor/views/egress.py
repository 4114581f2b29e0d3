"""Views of plugin requests."""

from dataclasses import dataclass

from supervisor.states import EgressOutcome


@dataclass(frozen=True, slots=True)
class EgressEntry:
    """One request of a plugin as the ledger keeps it; without secrets."""

    id: int
    at: str
    plugin_id: str
    event_id: str | None
    """The delivery's event; None for a panel or the start."""
    outcome: EgressOutcome
    host: str
    """Empty where no host could be read from the URL."""
    address: str | None
    """The address that was connected."""
    method: str
    path: str
    """Without the query."""
    status: int
    """Status that the plugin saw: the server's, 403 for an undeclared host, 0 for no response."""
    sent_bytes: int
    received_bytes: int
    duration_ms: float
    detail: str | None
    """Reason why there is no response."""


@dataclass(frozen=True, slots=True)
class EgressFilter:
    """Which entries are wanted; None leaves a thing open."""

    plugin_id: str | None = None
    host: str | None = None
    outcome: EgressOutcome | None = None
    event_id: str | None = None
