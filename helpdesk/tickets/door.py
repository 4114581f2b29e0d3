"""The way of services to tickets: as the actor stands now, in one transaction.

Every service over tickets is a ``Door`` with verbs. Must not know any verb.
"""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.actors import Actor
from helpdesk.clock import Clock
from helpdesk.settings import Settings
from helpdesk.storage.database import Database
from helpdesk.tickets import rows
from helpdesk.tickets.change import Change
from helpdesk.tickets.model import Ticket
from helpdesk.viewers import load_viewer

T = TypeVar("T")


class Door:
    """Opens tickets to those who may see them."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def _read(
        self,
        actor: Actor,
        reference: str,
        job: Callable[[sqlite3.Connection, Viewer, Ticket], T],
    ) -> T:
        """Read of a ticket that the actor may see, by its id or number. Raises ``NotFound``."""

        def read(connection: sqlite3.Connection) -> T:
            viewer = load_viewer(connection, actor)
            public = not access.may_see_notes(viewer)
            ticket = rows.find(connection, reference, public=public)
            access.require_sight(viewer, rows.ownership(connection, ticket), reference)
            return job(connection, viewer, ticket)

        return await self._database.read(read)

    async def _change(self, actor: Actor, job: Callable[[Change], T]) -> T:
        def write(connection: sqlite3.Connection) -> T:
            viewer = load_viewer(connection, actor)
            settings = self._settings.values(connection)
            return job(Change(connection, viewer, self._clock.now(), settings))

        return await self._database.write(write)
