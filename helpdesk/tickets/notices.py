"""Recipients of ticket notifications; nobody is notified of their own actions.

======================  ====================================================
what happened           who gets a notice
======================  ====================================================
created                 whoever has the ticket
assigned                the new assignee: the person, or the group's members
public reply            the submitter, and whoever has the ticket
internal note           whoever has the ticket
resolved, closed        the submitter
reopened                the submitter, and whoever has the ticket
======================  ====================================================

Each gets it as they have chosen (``mail.choices``): on the site, by mail, both or neither.
Whoever follows a ticket gets a notice of all of these; whoever is mentioned in a message, of that.
A ticket that is unassigned is had by the members of the groups that own its category, and where no
group does, by all staff. Whoever has a ticket is staff, so a note is never told to those who may
not read it. Notices and letters are written in the transaction of the change.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from helpdesk import notifications
from helpdesk.actors import Actor, Role
from helpdesk.events import EventType
from helpdesk.mail import choices
from helpdesk.mail import notices as letters
from helpdesk.mail.notices import Receiver, Subject
from helpdesk.notifications import Notice
from helpdesk.settings import SettingValues
from helpdesk.storage import sql
from helpdesk.tickets import rating
from helpdesk.tickets.model import Assignee, Ticket

_SENTENCES = {
    EventType.CREATED: "{actor} opened a ticket: {subject}",
    EventType.ASSIGNED: "{actor} assigned a ticket to {assignee}: {subject}",
    EventType.REPLY_ADDED: "{actor} replied: {subject}",
    EventType.NOTE_ADDED: "{actor} wrote an internal note: {subject}",
    EventType.RESOLVED: "{actor} resolved the ticket: {subject}",
    EventType.CLOSED: "{actor} closed the ticket: {subject}",
    EventType.REOPENED: "{actor} reopened the ticket: {subject}",
}
_CHOICES = {
    EventType.CREATED: "created",
    EventType.ASSIGNED: "assigned",
    EventType.REPLY_ADDED: "replied",
    EventType.NOTE_ADDED: "noted",
    EventType.RESOLVED: "resolved",
    EventType.CLOSED: "closed",
    EventType.REOPENED: "reopened",
}
_PERSON = "SELECT name, email, role FROM users WHERE id = ?"
_MENTIONED = "{actor} mentioned you: {subject}"
_TO_SUBMITTER = frozenset(
    {EventType.REPLY_ADDED, EventType.RESOLVED, EventType.CLOSED, EventType.REOPENED}
)
_TO_ASSIGNEE = frozenset(
    {
        EventType.CREATED,
        EventType.ASSIGNED,
        EventType.REPLY_ADDED,
        EventType.NOTE_ADDED,
        EventType.REOPENED,
    }
)


def write(
    connection: sqlite3.Connection,
    event: EventType,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    *,
    said: str,
    site: SettingValues,
    mentioned: frozenset[str] = frozenset(),
) -> None:
    """Leave the notices and letters that an event calls for; who is ``mentioned`` is told so.

    ``said``: what was written with it.
    """
    sentence = _SENTENCES.get(event)
    if sentence is None:
        return
    told = _recipients(connection, event, ticket) | mentioned
    for user_id in sorted(told - {actor.id}):
        mine = ticket.assignee is not None and ticket.assignee.id == user_id
        assignee = "you" if mine or ticket.assignee is None else ticket.assignee.name
        title = (_MENTIONED if user_id in mentioned else sentence).format(
            actor=actor.name, assignee=assignee, subject=f"#{ticket.number} {ticket.subject}"
        )
        notice = Notice.made(title, "", f"/tickets/{ticket.id}", now)
        person = sql.row(connection, _PERSON, (user_id,))
        if person is None:
            continue
        chosen = "mentioned" if user_id in mentioned else _CHOICES[event]
        choice = choices.of(connection, user_id, Role(person["role"]), chosen)
        if choice.web:
            notifications.insert(connection, user_id, notice)
        link = _rating_link(connection, event, ticket, user_id, site)
        if choice.mail or link:
            letters.about_ticket(
                connection,
                chosen if choice.mail else "rating",
                Receiver(user_id, person["name"], person["email"]),
                Subject(ticket.number, ticket.subject, f"{site.site_url}/tickets/{ticket.number}"),
                words={
                    "text": said,
                    "actor.name": actor.name,
                    "assignee.name": assignee,
                    "site.name": site.site_name,
                    "link": link,
                },
                now=now,
                also="rating" if choice.mail and link else "",
                is_automatic=event is not EventType.REPLY_ADDED,
            )


def _rating_link(
    connection: sqlite3.Connection,
    event: EventType,
    ticket: Ticket,
    user_id: str,
    site: SettingValues,
) -> str:
    """Return where somebody says how it went; empty where they are not asked by mail."""
    if event is not EventType.RESOLVED or user_id != ticket.submitter.id:
        return ""
    if not rating.is_asked(connection, site, ticket):
        return ""
    if not choices.of(connection, user_id, Role.USER, "rating").mail:
        return ""
    return f"{site.site_url}/rate/{ticket.number}/{rating.code(connection, ticket)}"


def tell_of_many(
    connection: sqlite3.Connection, assignee: Assignee, count: int, actor: Actor, now: datetime
) -> None:
    """Leave one notice for everybody who has just been given ``count`` tickets at once."""
    tickets = "a ticket" if count == 1 else f"{count:,} tickets"
    mine = assignee.kind == "user"
    link = "/tickets?view=mine" if mine else f"/tickets?{urlencode({'group': assignee.id})}"
    title = f"{actor.name} assigned {tickets} to {'you' if mine else assignee.name}"
    for user_id in sorted(_enabled(connection, _assigned(connection, assignee)) - {actor.id}):
        notifications.insert(connection, user_id, Notice.made(title, "", link, now))


def _recipients(connection: sqlite3.Connection, event: EventType, ticket: Ticket) -> set[str]:
    found = set()
    if event in _TO_SUBMITTER:
        found.add(ticket.submitter.id)
    if event in _TO_ASSIGNEE:
        found |= _holders(connection, ticket)
    return _enabled(connection, found) | _followers(connection, ticket)


def _followers(connection: sqlite3.Connection, ticket: Ticket) -> set[str]:
    """Return who follows the ticket and is still staff."""
    query = (
        "SELECT user_id FROM ticket_followers JOIN users ON users.id = user_id"
        " WHERE number = ? AND role IN ('admin', 'staff') AND NOT disabled"
    )
    return {user for (user,) in connection.execute(query, (ticket.number,))}


def _enabled(connection: sqlite3.Connection, people: Iterable[str]) -> set[str]:
    enabled = "SELECT 1 FROM users WHERE id = ? AND NOT disabled"
    return {user for user in people if connection.execute(enabled, (user,)).fetchone()}


def _assigned(connection: sqlite3.Connection, assignee: Assignee) -> set[str]:
    """Return who is meant: the person, or the members of the group."""
    if assignee.kind == "user":
        return {assignee.id}
    query = "SELECT user_id FROM group_members WHERE group_id = ?"
    return {user for (user,) in connection.execute(query, (assignee.id,))}


def _holders(connection: sqlite3.Connection, ticket: Ticket) -> set[str]:
    """Return who has a ticket: its assignee, else its category's groups, else all staff."""
    if ticket.assignee is not None:
        return _assigned(connection, ticket.assignee)
    query = (
        "SELECT user_id FROM group_members JOIN group_categories USING (group_id)"
        " WHERE category_id = (SELECT category_id FROM tickets WHERE id = ?)"
    )
    owners = {user for (user,) in connection.execute(query, (ticket.id,))}
    query = "SELECT id FROM users WHERE role IN ('admin', 'staff') AND NOT disabled"
    return owners or {user for (user,) in connection.execute(query)}
