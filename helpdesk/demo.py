"""A help desk that looks lived in, for a first visit: ``demo_data`` written into an empty database.

Owns the order of writing. Everything happens in one transaction: an interrupted first start leaves
an empty database, not half a demo. The tickets' events are real and go to the outbox. Meant for
loopback only, as everybody knows these passwords.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from helpdesk import accounts, catalogue, groups, statuses
from helpdesk.accounts import User
from helpdesk.actors import SYSTEM
from helpdesk.demo_data import (
    CATALOGUE,
    GROUPS,
    PASSWORD,
    PEOPLE,
    STATUSES,
    TICKETS,
    DemoTicket,
    Move,
)
from helpdesk.errors import LoginFailed
from helpdesk.groups import Group
from helpdesk.ids import new_id
from helpdesk.service import HelpDesk
from helpdesk.storage import sql
from helpdesk.tickets import conversation, edits, status
from helpdesk.tickets.change import Change
from helpdesk.tickets.model import TicketDraft
from helpdesk.viewers import load_viewer


async def fill(helpdesk: HelpDesk, tickets: Sequence[DemoTicket] = TICKETS) -> bool:
    """Write the demo where nobody has an account yet; return whether it did.

    Raises HelpDeskError for a ticket whose place, status or priority there is not, and KeyError
    for a person whom the demo does not have.
    """
    if await helpdesk.users.count():
        return False
    encoded = await helpdesk.passwords.hash(PASSWORD)
    now = helpdesk.clock.now()
    return await helpdesk.database.write(lambda c: _fill(c, helpdesk, encoded, now, tickets))


async def open_logins(helpdesk: HelpDesk) -> list[str]:
    """Return the addresses with which everybody can log in: those that still have PASSWORD."""
    found = []
    for person in PEOPLE:
        if await helpdesk.users.find_by_email(SYSTEM, person.email) is None:
            continue
        with contextlib.suppress(LoginFailed):
            found.append((await helpdesk.users.verify(person.email, PASSWORD)).email)
    return found


def _fill(
    connection: sqlite3.Connection,
    helpdesk: HelpDesk,
    encoded: str,
    now: datetime,
    tickets: Sequence[DemoTicket],
) -> bool:
    if sql.scalar(connection, "SELECT count(*) FROM users"):
        return False
    people = _add_people(connection, encoded, now)
    for name in STATUSES:
        statuses.insert(connection, name)
    categories = _add_catalogue(connection)
    teams = _add_groups(connection, people, categories)
    _Scene(connection, helpdesk, now, people, teams).play(tickets)
    return True


def _add_people(connection: sqlite3.Connection, encoded: str, now: datetime) -> dict[str, User]:
    people = {}
    for person in PEOPLE:
        created = now - timedelta(days=60)
        user = User(
            new_id(), person.email, person.name, person.role, disabled=False, created_at=created
        )
        accounts.insert(connection, user, encoded)
        people[person.email] = user
    return people


def _add_catalogue(connection: sqlite3.Connection) -> dict[str, str]:
    categories = {}
    for category, types in CATALOGUE.items():
        category_id = catalogue.insert_category(connection, category).id
        categories[category] = category_id
        for type_, items in types.items():
            type_id = catalogue.insert_type(connection, category_id, type_).id
            for item in items:
                catalogue.insert_item(connection, type_id, item)
    return categories


def _add_groups(
    connection: sqlite3.Connection, people: dict[str, User], categories: dict[str, str]
) -> dict[str, Group]:
    made = {}
    for name, (members, owned) in GROUPS.items():
        group = Group(
            new_id(),
            name,
            tuple(people[email].id for email in members),
            tuple(categories[category] for category in owned),
        )
        made[name] = groups.insert(connection, group)
    return made


class _Scene:
    """Plays the stories of tickets through the same code as real requests."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        helpdesk: HelpDesk,
        now: datetime,
        people: dict[str, User],
        teams: dict[str, Group],
    ) -> None:
        self._connection = connection
        self._settings = helpdesk.settings.values(connection)
        self._now = now
        self._people = people
        self._teams = teams

    def play(self, stories: Sequence[DemoTicket]) -> None:
        """Let everything happen in the order of its time, as it did."""
        steps: list[tuple[float, DemoTicket, Move | None]] = []
        for story in stories:
            steps.append((story.hours_ago, story, None))
            steps += ((move.hours_ago, story, move) for move in story.moves)
        made: dict[int, str] = {}
        for _, story, move in sorted(steps, key=lambda step: -step[0]):
            if move is None:
                made[id(story)] = self._create(story)
            else:
                self._make(self._change(move.by, move.hours_ago), made[id(story)], move)

    def _create(self, story: DemoTicket) -> str:
        category, type_, item = story.place
        draft = TicketDraft(story.subject, story.description, story.priority, category, type_, item)
        return edits.create(self._change(story.by, story.hours_ago), draft).id

    def _make(self, change: Change, ticket_id: str, move: Move) -> None:
        if move.what == "reply":
            conversation.reply(change, ticket_id, move.text)
        elif move.what == "note":
            conversation.note(change, ticket_id, move.text)
        elif move.what == "assign":
            ticket, _ = change.ticket(ticket_id)
            edits.assign(change, ticket, self._people[move.text].id, None)
        elif move.what == "assign group":
            ticket, _ = change.ticket(ticket_id)
            edits.assign(change, ticket, None, self._teams[move.text].id)
        elif move.what == "status":
            ticket, _ = change.ticket(ticket_id)
            status.set_status(change, ticket, move.text)
        elif move.what == "resolve":
            status.resolve(change, ticket_id, move.text)
        elif move.what == "close":
            status.close(change, ticket_id)
        else:
            status.reopen(change, ticket_id, move.text)

    def _change(self, email: str, hours_ago: float) -> Change:
        at = self._now - timedelta(hours=hours_ago)
        viewer = load_viewer(self._connection, self._people[email].actor)
        return Change(self._connection, viewer, at, self._settings)
