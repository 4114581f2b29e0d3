"""Creating a ticket, editing it, placing it in the catalogue, and giving it to somebody."""

import enum
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk import access, accounts, catalogue, checks, groups
from helpdesk.actors import Role
from helpdesk.audit import AuditPen
from helpdesk.errors import ChangedMeanwhile, Invalid, NotFound
from helpdesk.events import EventType, assignee_document
from helpdesk.ids import new_id
from helpdesk.statuses import NEW
from helpdesk.storage import sql
from helpdesk.tickets import rows, seen, status, tags, trace
from helpdesk.tickets.change import Change
from helpdesk.tickets.model import (
    Assignee,
    Person,
    Priority,
    Ref,
    Ticket,
    TicketDraft,
    TicketSummary,
)


class Unset(enum.Enum):
    """Stands for *leave as it is*, where None means *empty*."""

    UNSET = enum.auto()


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True)
class TicketChanges:
    """Several changes to be made at once, in one transaction: all of them or none.

    ``category``, ``type`` and ``item`` are ids or names. Naming a category without a type empties
    the type; likewise type and item. ``assignee_user_id`` and ``assignee_group_id`` exclude each
    other; None in either unassigns.
    """

    subject: str | Unset = UNSET
    description: str | Unset = UNSET
    priority: Priority | str | Unset = UNSET
    category: str | Unset | None = UNSET
    type: str | Unset | None = UNSET
    item: str | Unset | None = UNSET
    assignee_user_id: str | Unset | None = UNSET
    assignee_group_id: str | Unset | None = UNSET
    status: str | Unset = UNSET
    tags: Sequence[str] | Unset = UNSET
    """All that the ticket is to have."""
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


def create(
    change: Change,
    draft: TicketDraft,
    record: AuditPen | None = None,
    attach: Callable[[Ticket], None] | None = None,
) -> Ticket:
    """Create a ticket for the actor, or for another by staff.

    ``record``: writes of an account that is made for a requester who has none. ``attach``: puts
    files on the ticket that came with it, before its event is written.
    """
    viewer = change.viewer
    submitter_id = draft.submitter_id
    if draft.submitter_email:
        submitter_id = _requester(change, draft.submitter_email, draft.submitter_name, record)
    submitter = _submitter(change, submitter_id)
    if draft.assignee_user_id or draft.assignee_group_id:
        access.require_staff(viewer, "assign a ticket")
    ticket = Ticket(
        id=new_id(),
        number=rows.next_number(change.connection),
        subject=checks.name("subject", draft.subject, most=checks.MAX_SUBJECT),
        description=checks.body("description", draft.description, least=0),
        status=NEW,
        priority=rows.PRIORITIES[rows.rank(draft.priority)],
        **_place(change.connection, draft.category, draft.type, draft.item),
        submitter=submitter,
        assignee=None,
        resolution_notes="",
        custom_fields=(),
        created_at=change.now,
        updated_at=change.now,
        revision=rows.next_revision(change.connection),
        resolved_at=None,
        closed_at=None,
        tags=(),
    )
    rows.insert(change.connection, ticket)
    seen.follow(change.connection, viewer, ticket.number, 0, ticket.revision)
    if draft.tags:
        access.require_staff(viewer, "tag a ticket")
        ticket = tags.alter(change.connection, ticket, draft.tags, ())
    status.record(change, ticket.id, None, NEW, "")
    if attach is not None:
        attach(ticket)
    change.emit(EventType.CREATED, ticket, {})
    if draft.assignee_user_id or draft.assignee_group_id:
        return assign(change, ticket, draft.assignee_user_id, draft.assignee_group_id)
    return ticket


def update(
    change: Change, ticket_id: str, changes: TicketChanges, seen: Mapping[str, str] | None = None
) -> Ticket:
    """Make several changes; the status comes last, so that its events show all of them.

    ``seen``: the ``current_values`` that whoever changes them has seen, so that nobody turns back
    somebody else's change unknowingly. Raises ``ChangedMeanwhile``.
    """
    ticket = change.ticket_to_work_on(ticket_id, "change this ticket")
    _require_seen(change, ticket, seen or {})
    edited = _edited(change, ticket, changes)
    if edited:
        ticket = change.save(ticket, **edited)
    ticket = _tagged(change, ticket, changes)
    if changes.assignee_user_id is not UNSET or changes.assignee_group_id is not UNSET:
        ticket = assign(
            change, ticket, _given(changes.assignee_user_id), _given(changes.assignee_group_id)
        )
    if changes.status is not UNSET:
        ticket = status.set_status(change, ticket, changes.status)
    return ticket


def current_values(ticket: TicketSummary) -> dict[str, str]:
    """Return what of a ticket two people may change at once, by name: empty where it is nothing."""
    path = (ticket.category, ticket.type, ticket.item)
    return {
        "priority": ticket.priority.value,
        "status": ticket.status,
        "assignee": f"{ticket.assignee.kind}/{ticket.assignee.id}" if ticket.assignee else "",
        "category": "/".join(ref.id for ref in path if ref is not None),
    }


def _require_seen(change: Change, ticket: Ticket, seen: Mapping[str, str]) -> None:
    now = current_values(ticket)
    moved = [name for name, was in seen.items() if now[name] != was]
    shown = {
        "priority": ticket.priority.value,
        "status": ticket.status,
        "assignee": ticket.assignee.name if ticket.assignee else "nobody",
        "category": trace.place(ticket) or "none",
    }
    if moved:
        raise ChangedMeanwhile(
            (name, shown[name], trace.last_author(change.connection, ticket.id, name))
            for name in moved
        )


def assign(change: Change, ticket: Ticket, user_id: str | None, group_id: str | None) -> Ticket:
    """Give the ticket to a user or a group, or to nobody.

    ``ticket.assigned`` names the new assignee; taking a ticket away from everybody, or giving it to
    whoever has it, raises no event.
    """
    if user_id and group_id:
        raise Invalid("assignee", "a user and a group", "one of them")
    assignee = None
    if user_id:
        assignee = _user_assignee(change.connection, user_id)
    elif group_id:
        assignee = _group_assignee(change.connection, group_id)
    if assignee == ticket.assignee:
        return ticket
    changed = change.save(ticket, assignee=assignee)
    if assignee is not None:
        change.emit(EventType.ASSIGNED, changed, {"assignee": assignee_document(assignee)})
    return changed


def _tagged(change: Change, ticket: Ticket, changes: TicketChanges) -> Ticket:
    add, remove = list(changes.add_tags), list(changes.remove_tags)
    if changes.tags is not UNSET:
        wanted = tags.difference(ticket.tags, changes.tags)
        add, remove = [*wanted["add_tags"], *add], [*wanted["remove_tags"], *remove]
    if not add and not remove:
        return ticket
    changed = tags.alter(change.connection, ticket, add, remove)
    return ticket if changed == ticket else change.save(ticket, public=False, tags=changed.tags)


def _edited(change: Change, ticket: Ticket, changes: TicketChanges) -> dict[str, Any]:
    edited: dict[str, Any] = {}
    if changes.subject is not UNSET:
        edited["subject"] = checks.name("subject", changes.subject, most=checks.MAX_SUBJECT)
    if changes.description is not UNSET:
        edited["description"] = checks.body("description", changes.description, least=0)
    if changes.priority is not UNSET:
        edited["priority"] = rows.PRIORITIES[rows.rank(changes.priority)]
    if any(part is not UNSET for part in (changes.category, changes.type, changes.item)):
        edited |= _replaced(change.connection, ticket, changes)
    return {name: value for name, value in edited.items() if getattr(ticket, name) != value}


def _replaced(
    connection: sqlite3.Connection, ticket: Ticket, changes: TicketChanges
) -> dict[str, Ref | None]:
    # A level that is named empties the ones below it, unless they are named too.
    category, type_, item = _id(ticket.category), _id(ticket.type), _id(ticket.item)
    if changes.category is not UNSET:
        category, type_, item = changes.category, None, None
    if changes.type is not UNSET:
        type_, item = changes.type, None
    if changes.item is not UNSET:
        item = changes.item
    return _place(connection, category, type_, item)


def _place(
    connection: sqlite3.Connection, category: str | None, type_: str | None, item: str | None
) -> dict[str, Ref | None]:
    place = catalogue.place(connection, category, type_, item)
    return {
        "category": _ref(connection, "categories", place.category_id),
        "type": _ref(connection, "types", place.type_id),
        "item": _ref(connection, "items", place.item_id),
    }


def _ref(connection: sqlite3.Connection, table: str, node_id: str | None) -> Ref | None:
    if node_id is None:
        return None
    query = f"SELECT name FROM {table} WHERE id = ?"  # noqa: S608
    return Ref(node_id, sql.scalar(connection, query, (node_id,)))


def _requester(change: Change, email: str, name: str | None, record: AuditPen | None) -> str:
    """Return whose an address is; of a new requester, make the account."""
    access.require_staff(change.viewer, "create a ticket for another person")
    query, address = "SELECT id FROM users WHERE email = ?", accounts.typed_email(email)
    found: str | None = sql.scalar(change.connection, query, (address,))
    if found is not None:
        return found
    if not name or not name.strip():
        expected = "the email address of an existing account, or a name for a new one"
        raise Invalid("submitter", repr(email[:254]), expected)
    user = accounts.User(
        new_id(),
        checks.email(email),
        checks.name("submitter_name", name),
        Role.USER,
        disabled=False,
        created_at=change.now,
    )
    accounts.insert(change.connection, user, None)
    if record is not None:
        record(change.connection, "user.created", user.email, accounts.facts(user))
    return user.id


def _submitter(change: Change, user_id: str | None) -> Person:
    viewer = change.viewer
    if user_id is None or (viewer.is_person and user_id == viewer.actor.id):
        access.require(viewer.is_person, "create a ticket", "only people can, for themselves")
        user = accounts.find(change.connection, viewer.actor.id)
    else:
        access.require_staff(viewer, "create a ticket for another person")
        user = accounts.find(change.connection, user_id)
        if user.disabled:
            raise Invalid("submitter_id", "a disabled account", "an active account")
    return Person(user.id, user.name, user.email)


def _user_assignee(connection: sqlite3.Connection, user_id: str) -> Assignee:
    try:
        user = accounts.find(connection, user_id)
    except NotFound:
        raise Invalid("assignee", repr(user_id), "the ID of a staff member") from None
    if user.disabled or user.role is Role.USER:
        raise Invalid("assignee", user.name, "a staff member with an active account")
    return Assignee("user", user.id, user.name, user.email)


def _group_assignee(connection: sqlite3.Connection, group_id: str) -> Assignee:
    try:
        group = groups.find(connection, group_id)
    except NotFound:
        raise Invalid("assignee", repr(group_id), "the ID of a group") from None
    return Assignee("group", group.id, group.name)


def _id(ref: Ref | None) -> str | None:
    return None if ref is None else ref.id


def _given(value: str | Unset | None) -> str | None:
    return None if value is UNSET else value
