"""Whose a thing is that staff make for their work: one person's, a group's, or all staff's.

===================  ==================  =================================
scope                who may use it      who may change it
===================  ==================  =================================
``own``              its owner           its owner
``group/<id>``       members and admins  members and admins
``everyone``         all staff           admins
===================  ==================  =================================

Admins see neither what others keep for themselves nor need to. Must not know what the things are.
"""

import sqlite3
from dataclasses import dataclass

from helpdesk import groups
from helpdesk.access import Viewer, require, require_staff
from helpdesk.errors import Invalid, NotFound

OWN = "own"
EVERYONE = "everyone"
_GROUP = "group/"

USABLE = (
    "(owner_id = :me OR (owner_id IS NULL AND (group_id IS NULL OR :admin"
    " OR group_id IN (SELECT group_id FROM group_members WHERE user_id = :me))))"
)
"""The things that a viewer may use, in SQL, over the columns ``owner_id`` and ``group_id``."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose a thing is; neither: all staff's."""

    owner_id: str | None = None
    group_id: str | None = None

    @property
    def text(self) -> str:
        """Return it as forms and the API say it: ``own``, ``group/<id>`` or ``everyone``."""
        if self.owner_id is not None:
            return OWN
        return EVERYONE if self.group_id is None else f"{_GROUP}{self.group_id}"


def read(connection: sqlite3.Connection, viewer: Viewer, text: str) -> Scope:
    """Return the scope that a text names for this viewer. Raises ``Invalid``, ``NotAllowed``."""
    require_staff(viewer, "use what staff make for their work")
    scope = _named(connection, viewer, text)
    require(may_change(viewer, scope), *_refusal(scope))
    return scope


def values(viewer: Viewer) -> dict[str, object]:
    """Return the values of ``USABLE``."""
    return {"me": viewer.actor.id, "admin": viewer.is_admin}


def may_use(viewer: Viewer, scope: Scope) -> bool:
    """Tell whether the thing exists for this viewer; ``USABLE`` in words."""
    if scope.owner_id is not None:
        return viewer.is_staff and scope.owner_id == viewer.actor.id
    if scope.group_id is None or viewer.is_admin:
        return viewer.is_staff
    return viewer.is_staff and scope.group_id in viewer.group_ids


def may_change(viewer: Viewer, scope: Scope) -> bool:
    """Tell whether the viewer may change or delete the thing."""
    everyone = scope.owner_id is None and scope.group_id is None
    return may_use(viewer, scope) and (viewer.is_admin or not everyone)


def require_change(viewer: Viewer, scope: Scope) -> None:
    """Raise ``NotAllowed`` unless the viewer may change the thing."""
    require(may_change(viewer, scope), *_refusal(scope))


def _named(connection: sqlite3.Connection, viewer: Viewer, text: str) -> Scope:
    if text == OWN and viewer.is_person:
        return Scope(owner_id=viewer.actor.id)
    if text == EVERYONE:
        return Scope()
    group_id = text.removeprefix(_GROUP)
    if group_id != text:
        try:
            return Scope(group_id=groups.find(connection, group_id).id)
        except NotFound:
            pass
    raise Invalid("scope", repr(text[:80]), f"{OWN}, {EVERYONE}, or {_GROUP} and a group's id")


def _refusal(scope: Scope) -> tuple[str, str]:
    if scope.group_id is not None:
        return "change what belongs to this group", "only its members and admins may"
    return "change what all staff share", "only admins can"
