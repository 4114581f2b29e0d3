"""Conversation of a ticket, and custom fields of plugins: replies, internal notes, fields."""

from helpdesk import access, checks
from helpdesk.actors import ActorKind
from helpdesk.clock import parse_rfc3339, rfc3339
from helpdesk.errors import LimitReached, NotFound
from helpdesk.events import EventType, reply_data
from helpdesk.ids import new_id
from helpdesk.statuses import CLOSED
from helpdesk.storage import sql
from helpdesk.tickets import followers, search, status
from helpdesk.tickets.change import Change
from helpdesk.tickets.model import Author, CustomField, Reply, Ticket


def reply(change: Change, ticket_id: str, body: str, *, reopen: bool = True) -> Reply:
    """Add a public reply; a closed ticket takes none.

    ``reopen``: whether a resolved ticket is reopened where its submitter writes; not by a program.
    """
    ticket, ownership = change.ticket(ticket_id)
    allowed = access.may_reply(change.viewer, ownership)
    change.require(allowed, ownership, "reply to this ticket")
    is_open = ticket.status != CLOSED
    access.require(is_open, "reply to this ticket", "it is closed; reopen it, or open a new ticket")
    added = _add(change, ticket, body, is_internal=False)
    if reopen and change.viewer.actor.id == ticket.submitter.id:
        # Whoever asked says that it is not solved: nobody would look at a resolved ticket.
        status.reopen_if_resolved(change, ticket_id)
    return added


def note(change: Change, ticket_id: str, body: str) -> Reply:
    """Add an internal note, which the submitter never sees; closed tickets take notes too."""
    ticket, ownership = change.ticket(ticket_id)
    allowed = access.may_note(change.viewer, ownership)
    change.require(allowed, ownership, "write a note on this ticket")
    return _add(change, ticket, body, is_internal=True)


def find(change: Change, ticket_id: str, reply_id: str) -> Reply:
    """Return a reply or a note of a ticket that the viewer may see. Raises ``NotFound``."""
    ticket, _ = change.ticket(ticket_id)
    query = "SELECT * FROM replies WHERE id = ? AND ticket_id = ?"
    row = sql.row(change.connection, query, (reply_id, ticket.id))
    if row is None:
        raise NotFound("reply", reply_id)
    author = Author(row["author_id"], row["author_name"], row["author_role"])
    at = parse_rfc3339(row["created_at"])
    return Reply(reply_id, ticket.id, row["body"], bool(row["is_internal"]), author, at)


def set_custom_field(change: Change, ticket_id: str, key: str, value: str) -> CustomField:
    """Set one custom field; there is no event for it. Raises ``LimitReached``."""
    access.require(
        access.may_set_custom_field(change.viewer), "set custom fields", "only plugins can"
    )
    ticket, _ = change.ticket(ticket_id)
    actor = change.viewer.actor
    setter = actor.origin if actor.kind is ActorKind.PLUGIN and actor.origin else actor.id
    field = CustomField(
        checks.field_key(key), checks.field_value(value), setter, actor.name, change.now
    )
    _require_room(ticket, field)
    change.connection.execute(
        "INSERT INTO custom_fields (ticket_id, key, value, setter_id, setter_name, set_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (ticket_id, key) DO UPDATE SET value = excluded.value,"
        " setter_id = excluded.setter_id, setter_name = excluded.setter_name,"
        " set_at = excluded.set_at",
        (ticket.id, field.key, field.value, setter, actor.name, rfc3339(change.now)),
    )
    change.save(ticket)
    return field


def _add(change: Change, ticket: Ticket, body: str, *, is_internal: bool) -> Reply:
    added = Reply(
        new_id(), ticket.id, checks.body("body", body), is_internal, change.author, change.now
    )
    change.connection.execute(
        "INSERT INTO replies (id, ticket_id, body, is_internal,"
        " author_id, author_name, author_role, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            added.id,
            ticket.id,
            added.body,
            is_internal,
            added.author.id,
            added.author.name,
            added.author.role,
            rfc3339(change.now),
        ),
    )
    search.add_reply(change.connection, added.id)
    changed = change.save(ticket, public=not is_internal)
    event = EventType.NOTE_ADDED if is_internal else EventType.REPLY_ADDED
    mentioned = followers.mention(change, ticket.number, added.body)
    change.emit(event, changed, reply_data(added), mentioned=mentioned)
    return added


def _require_room(ticket: Ticket, field: CustomField) -> None:
    others = [known for known in ticket.custom_fields if known.key != field.key]
    if len(others) >= checks.MAX_FIELDS:
        raise LimitReached("another custom field on this ticket", checks.MAX_FIELDS, "fields")
    size = sum(len(known.key) + len(known.value.encode()) for known in (*others, field))
    if size > checks.MAX_FIELDS_BYTES:
        raise LimitReached("the custom fields of this ticket", checks.MAX_FIELDS_BYTES, "bytes")
