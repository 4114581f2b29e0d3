"""Letters about tickets: in which words, and how mail readers put them into one thread.

Called within the transaction of a change, by whoever knows who is to be told. A letter to somebody
who wrote by mail answers their last message; every letter about a ticket refers to the ticket's
root id, so that they lie together.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from helpdesk.mail import marks, outgoing, settings, templates
from helpdesk.mail.letters import Letter
from helpdesk.storage import sql


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is written to."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The ticket that a letter is about."""

    number: int
    subject: str
    url: str


def about_ticket(
    connection: sqlite3.Connection,
    event: str,
    receiver: Receiver,
    ticket: Subject,
    *,
    words: Mapping[str, str],
    now: datetime,
    is_automatic: bool = True,
    answers: str = "",
    also: str = "",
) -> str | None:
    """Queue a letter of an event on a ticket; return its id, None where no mail is sent.

    ``words``: values of placeholders besides those of the ticket and the receiver. ``answers``: the
    Message-ID that the letter answers; else the last that came from the receiver about the ticket.
    ``also``: another event whose text stands below.
    """
    values = settings.read(connection)
    if values.outgoing == settings.OFF:
        return None
    template = templates.find(connection, event, values.language)
    filled = {
        "text": "",
        **words,
        "ticket.number": str(ticket.number),
        "ticket.subject": ticket.subject,
        "ticket.url": ticket.url,
        "receiver.name": receiver.name,
    }
    text = templates.fill(template.body, filled)
    if also:
        more = templates.find(connection, also, values.language)
        text = f"{text}\n\n{templates.fill(more.body, filled)}"
    root = marks.root_id(marks.key_of(connection), ticket.number, values.domain)
    answered = answers or _last_from(connection, ticket.number, receiver.id)
    letter = Letter(
        to=receiver.email,
        to_name=receiver.name,
        subject=templates.fill(template.subject, filled),
        text=text,
        kind=event,
        user_id=receiver.id,
        number=ticket.number,
        in_reply_to=answered or root,
        references=(root, answered) if answered else (root,),
        is_automatic=is_automatic,
    )
    return outgoing.enqueue(connection, letter, now)


def with_link(
    connection: sqlite3.Connection,
    event: str,
    receiver: Receiver,
    *,
    link: str,
    site_name: str,
    now: datetime,
) -> str | None:
    """Queue a letter with a link (``password``, ``signup``, …); None where no mail is sent."""
    values = settings.read(connection)
    template = templates.find(connection, event, values.language)
    filled = {"link": link, "receiver.name": receiver.name, "site.name": site_name}
    letter = Letter(
        to=receiver.email,
        to_name=receiver.name,
        subject=templates.fill(template.subject, filled),
        text=templates.fill(template.body, filled),
        kind=event,
        user_id=receiver.id or None,
    )
    return outgoing.enqueue(connection, letter, now)


def _last_from(connection: sqlite3.Connection, number: int, user_id: str) -> str:
    query = (
        "SELECT message_id FROM mail_incoming WHERE number = ? AND user_id = ?"
        " AND message_id != '' ORDER BY seq DESC LIMIT 1"
    )
    return str(sql.scalar(connection, query, (number, user_id)) or "")
