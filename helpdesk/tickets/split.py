"""Splitting a ticket that is about two things: chosen messages move to a new ticket.

They move with their author, time and visibility. The new ticket has the same requester, place in
the catalogue, priority and tags; it is related to the first one, and a note on each says so.
"""

import sqlite3
from collections.abc import Sequence

from helpdesk.actors import Actor
from helpdesk.errors import Conflict, Invalid, LimitReached, NotFound
from helpdesk.once import Once
from helpdesk.storage import sql
from helpdesk.tickets import conversation, edits, links, rows, search
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.tickets.links import LinkKind
from helpdesk.tickets.model import Ticket, TicketDraft

MOST_MOVED = 500
"""Messages that move in one step."""


class Splits(Door):
    """Splits tickets."""

    async def split(
        self,
        actor: Actor,
        reference: str,
        subject: str,
        reply_ids: Sequence[str],
        *,
        once: Once | None = None,
    ) -> Ticket:
        """Move messages to a new ticket with that subject, and return it.

        All in one transaction, with its events. ``once``: not again for a request that repeats.
        """

        def job(change: Change) -> Ticket:
            made_id = change.once(once, lambda: _split(change, reference, subject, reply_ids))
            return change.ticket(made_id)[0]

        return await self._change(actor, job)


def _split(change: Change, reference: str, subject: str, reply_ids: Sequence[str]) -> str:
    source = change.ticket_to_work_on(reference, "split this ticket")
    chosen = sorted(dict.fromkeys(reply_ids))
    _require_movable(change.connection, source, chosen)
    draft = TicketDraft(
        subject=subject,
        description=f"Split from #{source.number}: {source.subject}",
        priority=source.priority,
        category=source.category.id if source.category else None,
        type=source.type.id if source.type else None,
        item=source.item.id if source.item else None,
        submitter_id=source.submitter.id,
        tags=source.tags,
    )
    made = edits.create(change, draft)
    for reply_id in chosen:
        search.remove_reply(change.connection, reply_id)
        change.connection.execute(
            "UPDATE replies SET ticket_id = ?, piece = NULL WHERE id = ?", (made.id, reply_id)
        )
        search.add_reply(change.connection, reply_id)
        # The mail's own room stands above this one: answers to a mail go where its message is.
        change.connection.execute(
            "UPDATE mail_incoming SET number = ? WHERE number = ? AND reply_id = ?",
            (made.number, source.number, reply_id),
        )
    links.add(change, made.id, LinkKind.RELATED, source.id)
    conversation.note(change, made.id, f"Split from #{source.number}.")
    moved = "1 message" if len(chosen) == 1 else f"{len(chosen)} messages"
    conversation.note(change, source.id, f"Moved {moved} to #{made.number}.")
    # What its submitter sees of the first ticket has changed too.
    change.save(rows.find(change.connection, source.id))
    return made.id


def _require_movable(connection: sqlite3.Connection, source: Ticket, chosen: Sequence[str]) -> None:
    if (gone := rows.merged_into(connection, source.number)) is not None:
        raise Conflict(f"#{source.number} was merged into #{gone}", f"split #{gone} instead")
    if not chosen:
        raise Invalid("replies", "none", "the messages that move to the new ticket")
    if len(chosen) > MOST_MOVED:
        raise LimitReached("the messages that move", MOST_MOVED)
    for reply_id in chosen:
        query = "SELECT 1 FROM replies WHERE id = ? AND ticket_id = ?"
        if sql.scalar(connection, query, (reply_id, source.id)) is None:
            raise NotFound("reply", reply_id[:40])
