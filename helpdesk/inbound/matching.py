"""Which ticket a message belongs to, and whether its sender has to do with it.

A ticket is found by the tag of an address, by In-Reply-To, and by References, never by the subject.
Whoever is not part of a ticket never writes into it, whatever they refer to:

=========================================  ========================================
the sender                                 may reply where
=========================================  ========================================
asked (and is not staff)                   any of these finds the ticket
is staff                                   a tag or a Message-ID proves that they got
                                           a letter about it: senders can be forged
anybody else                               nowhere; theirs becomes a new ticket
=========================================  ========================================
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.inbound.document import Document
from helpdesk.mail import marks
from helpdesk.storage import sql
from helpdesk.tickets import rows

MOST_LOOKED_AT = 30
"""Tags and ids of one message that are looked up."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that a message refers to."""

    number: int
    is_proof: bool
    """Whether only somebody who got a letter about it, at this address, can refer to it so."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a message belongs."""

    number: int | None
    """The ticket that it is a reply to; None for none."""
    refers: int | None = None
    """A ticket that it refers to without being a reply to it."""


def match(
    connection: sqlite3.Connection, document: Document, sender: User | None, own: str
) -> Match:
    """Return where a message of ``sender``, None for a stranger, belongs."""
    refers = None
    for found in _candidates(connection, document, sender, own):
        number = rows.merged_into(connection, found.number) or found.number
        if refers is None:
            refers = number
        if sender is not None and _has_to_do(connection, number, sender, found):
            return Match(number)
    return Match(None, refers)


def _candidates(
    connection: sqlite3.Connection, document: Document, sender: User | None, own: str
) -> Iterator[Found]:
    key = marks.key_of(connection)
    for address in document.receivers[:MOST_LOOKED_AT]:
        tag = marks.reply_tag(address, own)
        if tag is None or sender is None:
            continue
        # A tag of somebody else, or one that nobody was given, says nothing.
        if marks.is_for(key, tag, sender.id) and _exists(connection, tag.number):
            yield Found(tag.number, is_proof=True)
    ids = dict.fromkeys([*document.in_reply_to, *reversed(document.references)])
    for reference in list(ids)[:MOST_LOOKED_AT]:
        found = _by_id(connection, key, reference, sender)
        if found is not None:
            yield found


def _by_id(
    connection: sqlite3.Connection, key: bytes, reference: str, sender: User | None
) -> Found | None:
    number = marks.root_number(key, reference)
    if number is not None:
        return Found(number, is_proof=False) if _exists(connection, number) else None
    query = "SELECT number, user_id FROM mail_outgoing WHERE message_id = ?"
    row = sql.row(connection, query, (reference.lower(),))
    if row is not None and row["number"] is not None:
        mine = sender is not None and row["user_id"] == sender.id
        return Found(row["number"], is_proof=mine)
    query = (
        "SELECT number FROM mail_incoming WHERE message_id = ? AND number IS NOT NULL"
        " ORDER BY seq LIMIT 1"
    )
    number = sql.scalar(connection, query, (reference,))
    return None if number is None else Found(number, is_proof=False)


def _has_to_do(connection: sqlite3.Connection, number: int, sender: User, found: Found) -> bool:
    if found.is_proof:
        return True
    if sender.role is not Role.USER:
        return False
    query = "SELECT 1 FROM tickets WHERE number = ? AND submitter_id = ?"
    return sql.scalar(connection, query, (number, sender.id)) is not None


def _exists(connection: sqlite3.Connection, number: int) -> bool:
    query = "SELECT 1 FROM tickets WHERE number = ?"
    return sql.scalar(connection, query, (number,)) is not None
