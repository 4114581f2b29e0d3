"""From an actor to what may decide on access: role, status and groups, read in the transaction.

A request's actor was made when its session was looked up. By the time its change runs, the person
may have been disabled or demoted; what the database says now is what counts.
"""

import dataclasses
import sqlite3

from helpdesk.access import Viewer
from helpdesk.actors import Actor, ActorKind, Role
from helpdesk.errors import NotAllowed
from helpdesk.storage import sql


def load_viewer(connection: sqlite3.Connection, actor: Actor) -> Viewer:
    """Return the actor as they stand now. Raises ``NotAllowed`` where the account is gone."""
    if actor.person_id is not None:
        person = Actor(ActorKind.USER, actor.person_id, "", "")
        return Viewer(actor, person=_person(connection, person))
    return _person(connection, actor) if actor.kind is ActorKind.USER else Viewer(actor)


def _person(connection: sqlite3.Connection, actor: Actor) -> Viewer:
    found = sql.row(connection, "SELECT name, role, disabled FROM users WHERE id = ?", (actor.id,))
    if found is None or found["disabled"]:
        raise NotAllowed("do anything", "this account does not exist or is disabled")
    organization_id = None
    if found["role"] == Role.USER:
        query = (
            "SELECT id FROM organizations JOIN organization_members ON id = organization_id"
            " WHERE user_id = ? AND shares"
        )
        organization_id = sql.scalar(connection, query, (actor.id,))
    groups = connection.execute("SELECT group_id FROM group_members WHERE user_id = ?", (actor.id,))
    return Viewer(
        dataclasses.replace(actor, name=found["name"], role=found["role"]),
        frozenset(group_id for (group_id,) in groups),
        organization_id,
    )
