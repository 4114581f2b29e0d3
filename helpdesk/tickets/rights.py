"""Rights of a viewer on a ticket right now, so that pages offer nothing that is refused.

Decides nothing of its own: it asks ``access`` and ``workflow`` what the changes ask them.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from helpdesk import access, statuses
from helpdesk.access import Ownership, Viewer
from helpdesk.statuses import CLOSED
from helpdesk.tickets import rows, workflow
from helpdesk.tickets.model import Person, Ticket, TicketRights

_HELPERS = 5
"""People who are named to somebody who may not work on a ticket."""


def rights(
    connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket, now: datetime, window_days: int
) -> TicketRights:
    """Return what the viewer may do with the ticket now."""
    ownership = rows.ownership(connection, ticket)
    every = [status.name for status in statuses.all_statuses(connection)]
    work = access.may_work_on(viewer, ownership)
    settle = access.may_close_or_reopen(viewer, ownership)
    merged = rows.merged_into(connection, ticket.number) is not None
    reopenable = _is_reopenable(ticket, now, window_days) and not merged
    outside = viewer.is_staff and not work
    return TicketRights(
        reply=access.may_reply(viewer, ownership) and ticket.status != CLOSED,
        note=access.may_note(viewer, ownership),
        work=work,
        resolve=work and workflow.is_active(ticket.status),
        close=settle and ticket.status != CLOSED,
        reopen=settle and reopenable,
        statuses=_statuses(ticket.status, every, reopenable=reopenable) if work else (),
        held_by=rows.owner_names(connection, ownership) if outside else (),
        helpers=_helpers(connection, ownership) if outside else (),
    )


def _helpers(connection: sqlite3.Connection, ownership: Ownership) -> tuple[Person, ...]:
    """Return some who may work on a ticket: its assignee, members of its groups, else admins."""
    groups = sorted(ownership.owner_group_ids)
    marks = ", ".join("?" * len(groups))
    query = (
        "SELECT id, name, email FROM users WHERE NOT disabled AND role <> 'user' AND (id = ? OR id"  # noqa: S608
        f" IN (SELECT user_id FROM group_members WHERE group_id IN ({marks}))) ORDER BY id <> ?, id"
        " LIMIT ?"
    )
    who = ownership.assignee_user_id or ""
    found = connection.execute(query, (who, *groups, who, _HELPERS)).fetchall()
    if not found:
        admins = "SELECT id, name, email FROM users WHERE role = 'admin' AND NOT disabled LIMIT ?"
        found = connection.execute(admins, (_HELPERS,)).fetchall()
    return tuple(Person(*row) for row in found)


def _is_reopenable(ticket: Ticket, now: datetime, window_days: int) -> bool:
    began = workflow.settled_at(ticket.resolved_at, ticket.closed_at)
    return began is not None and workflow.window_is_open(began, now, window_days)


def _statuses(found: str, every: Iterable[str], *, reopenable: bool) -> tuple[str, ...]:
    following = workflow.successors(found, every)
    if workflow.is_active(found) or reopenable:
        return following
    return tuple(status for status in following if not workflow.is_active(status))
