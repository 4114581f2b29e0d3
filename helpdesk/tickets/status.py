"""Changes of status: moving, resolving, closing, reopening. One function changes a status.

Each raises ``ticket.status_changed`` first, and then the event of its kind, if it has one.
"""

from typing import Any

from helpdesk import access, checks, statuses
from helpdesk.clock import rfc3339
from helpdesk.errors import Conflict, IllegalTransition, ReopenWindowPassed
from helpdesk.events import EventType
from helpdesk.ids import new_id
from helpdesk.statuses import CLOSED, RESOLVED
from helpdesk.tickets import rows, workflow
from helpdesk.tickets.change import Change
from helpdesk.tickets.model import Ticket
from helpdesk.tickets.workflow import Step


def set_status(change: Change, ticket: Ticket, status: str) -> Ticket:
    """Give the ticket any status that may follow; the one it has already changes nothing."""
    wanted = statuses.find(change.connection, status).name
    return _go(change, ticket, wanted, note="")


def resolve(change: Change, ticket_id: str, notes: str) -> Ticket:
    """Resolve an active ticket."""
    ticket = change.ticket_to_work_on(ticket_id, "resolve this ticket")
    _require_other(change, ticket, RESOLVED)
    return _go(change, ticket, RESOLVED, checks.body("notes", notes, least=0))


def close(change: Change, ticket_id: str) -> Ticket:
    """Close a ticket, resolved or not."""
    ticket, ownership = change.ticket(ticket_id)
    allowed = access.may_close_or_reopen(change.viewer, ownership)
    change.require(allowed, ownership, "close this ticket")
    _require_other(change, ticket, CLOSED)
    return _go(change, ticket, CLOSED, note="")


def reopen(change: Change, ticket_id: str, reason: str) -> Ticket:
    """Reopen a resolved or closed ticket within the window. Raises ``ReopenWindowPassed``."""
    ticket, ownership = change.ticket(ticket_id)
    allowed = access.may_close_or_reopen(change.viewer, ownership)
    change.require(allowed, ownership, "reopen this ticket")
    if workflow.is_active(ticket.status):
        raise IllegalTransition(ticket.status, "reopened", _successors(change, ticket.status))
    return _go(change, ticket, workflow.REOPENED_TO, checks.body("reason", reason, least=0))


def reopen_if_resolved(change: Change, ticket_id: str) -> None:
    """Reopen a resolved ticket whose window is still open; leave every other as it is."""
    ticket, _ = change.ticket(ticket_id)
    if ticket.status != RESOLVED or ticket.resolved_at is None:
        return
    days = change.settings.reopen_window_days
    if workflow.window_is_open(ticket.resolved_at, change.now, days):
        _go(change, ticket, workflow.REOPENED_TO, note="")


def record(change: Change, ticket_id: str, found: str | None, wanted: str, note: str) -> None:
    """Add a step to the status history; ``found`` is None for a new ticket."""
    author = change.author
    change.connection.execute(
        "INSERT INTO status_history"
        " (id, ticket_id, from_status, to_status, at, author_id, author_name, author_role, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new_id(),
            ticket_id,
            found,
            wanted,
            rfc3339(change.now),
            author.id,
            author.name,
            author.role,
            note,
        ),
    )


def _go(change: Change, ticket: Ticket, wanted: str, note: str) -> Ticket:
    every = [status.name for status in statuses.all_statuses(change.connection)]
    step = workflow.step(ticket.status, wanted, every)
    if step is Step.STAY:
        return ticket
    if step is Step.REOPEN:
        _require_apart(change, ticket)
        _require_window(change, ticket)
    changed = change.save(ticket, status=wanted, **_marks(change, step, note))
    record(change, ticket.id, ticket.status, wanted, note)
    moved = {"from_status": ticket.status, "to_status": wanted}
    change.emit(EventType.STATUS_CHANGED, changed, moved)
    _emit_kind(change, step, changed, note)
    return changed


def _marks(change: Change, step: Step, note: str) -> dict[str, Any]:
    if step is Step.RESOLVE:
        return {"resolved_at": change.now, "resolution_notes": note}
    if step is Step.CLOSE:
        return {"closed_at": change.now}
    if step is Step.REOPEN:
        return {"resolved_at": None, "closed_at": None, "resolution_notes": ""}
    return {}


def _emit_kind(change: Change, step: Step, ticket: Ticket, note: str) -> None:
    if step is Step.RESOLVE:
        change.emit(EventType.RESOLVED, ticket, {"resolution_notes": note})
    elif step is Step.CLOSE:
        change.emit(EventType.CLOSED, ticket, {})
    elif step is Step.REOPEN:
        change.emit(EventType.REOPENED, ticket, {"reason": note})


def _require_other(change: Change, ticket: Ticket, wanted: str) -> None:
    if ticket.status == wanted:
        raise IllegalTransition(wanted, wanted, _successors(change, wanted))


def _require_apart(change: Change, ticket: Ticket) -> None:
    if (into := rows.merged_into(change.connection, ticket.number)) is not None:
        raise Conflict(f"#{ticket.number} was merged into #{into}", f"continue in #{into}")


def _require_window(change: Change, ticket: Ticket) -> None:
    began = workflow.settled_at(ticket.resolved_at, ticket.closed_at)
    days = change.settings.reopen_window_days
    if began is None or not workflow.window_is_open(began, change.now, days):
        raise ReopenWindowPassed(rfc3339(began or change.now), days)


def _successors(change: Change, found: str) -> tuple[str, ...]:
    every = [status.name for status in statuses.all_statuses(change.connection)]
    return workflow.successors(found, every)
