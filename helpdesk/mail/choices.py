"""What each person wants to be told, and how: on the site, by mail, both or neither.

Owns the events, the usual choices by role, and the ``mail_choices`` table: what differs.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.actors import Actor, Role
from helpdesk.errors import Invalid
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer


@dataclass(frozen=True, slots=True)
class Choice:
    """How somebody is notified of one kind of event."""

    web: bool = True
    mail: bool = False


EVENTS: Mapping[str, str] = {
    "created": "A ticket is opened",
    "assigned": "A ticket is assigned",
    "replied": "Somebody replies",
    "noted": "Somebody writes an internal note",
    "mentioned": "Somebody mentions you",
    "resolved": "A ticket is resolved",
    "closed": "A ticket is closed",
    "reopened": "A ticket is reopened",
    "rating": "You are asked how it went",
}
"""Events to what they are called on the page."""
FOR_USERS = ("replied", "resolved", "closed", "reopened", "rating")
"""Those that people hear of who are not staff."""
_MAIL_TO_USERS = frozenset({"replied", "resolved", "rating"})
_MAIL_TO_STAFF = frozenset({"created", "assigned", "replied", "noted", "mentioned", "reopened"})


class Choices:
    """Reads and changes one's own choices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, actor: Actor) -> Mapping[str, Choice]:
        """Return one's choices for every event that concerns one's role."""

        def job(connection: sqlite3.Connection) -> Mapping[str, Choice]:
            role = Role(load_viewer(connection, actor).actor.role)
            stored = _stored(connection, actor.id)
            return {event: stored.get(event, usual(role, event)) for event in events_of(role)}

        return await self._database.read(job)

    async def save(self, actor: Actor, choices: Mapping[str, Choice]) -> None:
        """Keep one's choices. Raises ``Invalid`` for an event that there is not."""

        def job(connection: sqlite3.Connection) -> None:
            role = Role(load_viewer(connection, actor).actor.role)
            for event, choice in choices.items():
                if event not in events_of(role):
                    raise Invalid("event", repr(event[:40]), f"one of {', '.join(EVENTS)}")
                connection.execute(
                    "INSERT OR REPLACE INTO mail_choices (user_id, event, web, mail)"
                    " VALUES (?, ?, ?, ?)",
                    (actor.id, event, choice.web, choice.mail),
                )

        await self._database.write(job)


def events_of(role: Role) -> tuple[str, ...]:
    """Return the events that people of a role are notified of."""
    return FOR_USERS if role is Role.USER else tuple(one for one in EVENTS if one != "rating")


def usual(role: Role, event: str) -> Choice:
    """Return how people of a role are told who have not chosen."""
    by_mail = _MAIL_TO_USERS if role is Role.USER else _MAIL_TO_STAFF
    return Choice(web=True, mail=event in by_mail)


def of(connection: sqlite3.Connection, user_id: str, role: Role, event: str) -> Choice:
    """Return how one person is notified of one event."""
    query = "SELECT web, mail FROM mail_choices WHERE user_id = ? AND event = ?"
    row = sql.row(connection, query, (user_id, event))
    return usual(role, event) if row is None else Choice(bool(row["web"]), bool(row["mail"]))


def _stored(connection: sqlite3.Connection, user_id: str) -> dict[str, Choice]:
    query = "SELECT event, web, mail FROM mail_choices WHERE user_id = ?"
    found = connection.execute(query, (user_id,))
    return {event: Choice(bool(web), bool(mail)) for event, web, mail in found}
