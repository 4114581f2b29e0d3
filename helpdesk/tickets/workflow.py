"""The workflow: transitions between statuses, and the reopen window. Pure.

::

              resolve                 close
    active ────────────▶ Resolved ────────────▶ Closed
    │ ▲  │                   │                  │  ▲
    │ │  └───────────────────┼──── close ───────┼──┘
    │ └──────── reopen, within the window ──────┘
    └─▶ another active status

*Active* is New and every status that admins added. The window counts from the time of resolution,
or of closing where the ticket was never resolved; closing a resolved ticket does not extend it.
Within it Resolved and Closed can both be reopened; behind it neither can, by anybody: that a
settled matter stays settled is what the window is for. Closed never becomes Resolved.
"""

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta

from helpdesk.errors import IllegalTransition
from helpdesk.statuses import CLOSED, NEW, RESOLVED

REOPENED_TO = NEW
"""Status of a reopened ticket, unless staff choose another active status."""


class Step(enum.Enum):
    """Kind of a change from one status to another."""

    STAY = enum.auto()
    MOVE = enum.auto()
    RESOLVE = enum.auto()
    CLOSE = enum.auto()
    REOPEN = enum.auto()


def is_active(status: str) -> bool:
    """Tell whether work is going on: neither Resolved nor Closed."""
    return status not in {RESOLVED, CLOSED}


def step(found: str, wanted: str, every: Iterable[str]) -> Step:
    """Return what going from ``found`` to ``wanted`` means. Raises ``IllegalTransition``."""
    if found == wanted:
        return Step.STAY
    if wanted == CLOSED:
        return Step.CLOSE
    if wanted == RESOLVED:
        if found == CLOSED:
            raise IllegalTransition(found, wanted, successors(found, every))
        return Step.RESOLVE
    return Step.MOVE if is_active(found) else Step.REOPEN


def successors(found: str, every: Iterable[str]) -> tuple[str, ...]:
    """Return the statuses of ``every`` that may follow, leaving the window aside."""
    refused = {found, RESOLVED} if found == CLOSED else {found}
    return tuple(status for status in every if status not in refused)


def settled_at(resolved_at: datetime | None, closed_at: datetime | None) -> datetime | None:
    """Return when the reopen window began; None for an active ticket."""
    return resolved_at or closed_at


def window_is_open(began: datetime, now: datetime, days: int) -> bool:
    """Tell whether a ticket settled at ``began`` can still be reopened."""
    return now < began + timedelta(days=days)
