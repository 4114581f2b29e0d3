"""Access rules, decided only here: pure functions over facts already read.

=====================  =====  ==========================  ==================  =======  ======
act on a ticket        admin  staff, in their scope       staff, elsewhere    plugin   user
=====================  =====  ==========================  ==================  =======  ======
see                    yes    yes                         yes                 yes      own, shared
see and write notes    yes    yes                         see only            write    no
public reply           yes    yes                         own                 yes      own
reopen                 yes    yes                         own                 no       own
close                  yes    yes                         own                 no       own
assign, edit, resolve  yes    yes                         no                  no       no
set the status         yes    yes                         no                  granted  no
set a custom field     no     no                          no                  yes      no
=====================  =====  ==========================  ==================  =======  ======

*Own* means submitted by that person; *shared*, submitted by a member of the same organization,
which lets its members see each other's tickets: see and nothing more. A ticket is in the scope of
a staff member when it is assigned to them, or to one of their groups, or one of their groups owns
its category, or when it belongs to no group at all: not assigned to one, and its category owned by
none. The help desk itself may do everything. A plugin that acts for a person may do what it may by
this table and what that person may, both; to set a custom field, the person has to be one who may
note. A ticket that somebody may not see does not exist for them (``NotFound``).
"""

from dataclasses import dataclass

from helpdesk.actors import Actor, ActorKind, Role
from helpdesk.errors import NotAllowed, NotFound


@dataclass(frozen=True, slots=True)
class Viewer:
    """An actor with what the database says of them now."""

    actor: Actor
    group_ids: frozenset[str] = frozenset()
    organization_id: str | None = None
    """The organization of a requester, where its members see each other's tickets."""
    person: "Viewer | None" = None
    """For whom a plugin acts: it may do nothing that they may not."""

    @property
    def is_person(self) -> bool:
        """Tell whether this is somebody with an account."""
        return self.actor.kind is ActorKind.USER

    @property
    def is_admin(self) -> bool:
        """Tell whether everything is allowed: an admin, or the help desk itself."""
        return self.actor.kind is ActorKind.SYSTEM or self.actor.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Tell whether this is staff or more."""
        return self.is_admin or self.actor.role == Role.STAFF

    @property
    def is_plugin(self) -> bool:
        """Tell whether a plugin acts."""
        return self.actor.kind is ActorKind.PLUGIN


@dataclass(frozen=True, slots=True)
class Ownership:
    """Facts about a ticket that decide access."""

    ticket_id: str
    submitter_id: str
    assignee_user_id: str | None
    owner_group_ids: frozenset[str]
    """The group it is assigned to, and the groups that own its category."""
    organization_id: str | None = None
    """The organization of its submitter."""


def may_see(viewer: Viewer, ticket: Ownership) -> bool:
    """Tell whether the ticket exists for this viewer."""
    if viewer.person is not None:
        return may_see(viewer.person, ticket)
    return viewer.is_staff or viewer.is_plugin or _own(viewer, ticket) or _shared(viewer, ticket)


def may_see_notes(viewer: Viewer) -> bool:
    """Tell whether internal notes are shown to this viewer, on any ticket that they may see."""
    return viewer.is_staff


def may_work_on(viewer: Viewer, ticket: Ownership) -> bool:
    """Tell whether the viewer may assign, edit, resolve and note."""
    if viewer.is_admin:
        return True
    if not viewer.is_staff:
        return False
    return (
        ticket.assignee_user_id == viewer.actor.id
        or not ticket.owner_group_ids
        or not viewer.group_ids.isdisjoint(ticket.owner_group_ids)
    )


def may_note(viewer: Viewer, ticket: Ownership) -> bool:
    """Tell whether the viewer may write internal notes."""
    if viewer.person is not None:
        return may_note(viewer.person, ticket)
    return viewer.is_plugin or may_work_on(viewer, ticket)


def may_reply(viewer: Viewer, ticket: Ownership) -> bool:
    """Tell whether the viewer may write public replies."""
    if viewer.person is not None:
        return may_reply(viewer.person, ticket)
    return viewer.is_plugin or _own(viewer, ticket) or may_work_on(viewer, ticket)


def may_close_or_reopen(viewer: Viewer, ticket: Ownership) -> bool:
    """Tell whether the viewer may close or reopen, as far as the status allows it."""
    return _own(viewer, ticket) or may_work_on(viewer, ticket)


def may_set_status(viewer: Viewer, ticket: Ownership, *, closes: bool) -> bool:
    """Tell whether the viewer may set a status, which may be one that closes the ticket."""
    if viewer.is_plugin and not viewer.actor.may_set_status:
        return False
    if viewer.person is not None:
        return may_set_status(viewer.person, ticket, closes=closes)
    settles = closes and may_close_or_reopen(viewer, ticket)
    return viewer.is_plugin or settles or may_work_on(viewer, ticket)


def may_set_custom_field(viewer: Viewer) -> bool:
    """Tell whether the viewer may set custom fields: they belong to plugins."""
    return viewer.is_plugin or viewer.actor.kind is ActorKind.SYSTEM


def require_sight(viewer: Viewer, ticket: Ownership, asked: str) -> None:
    """Raise ``NotFound`` where the ticket does not exist for this viewer.

    ``asked`` is what they called it, id or number: the refusal says no more than they said.
    """
    if not may_see(viewer, ticket):
        raise NotFound("ticket", asked)


def require(allowed: bool, what: str, why: str) -> None:
    """Raise ``NotAllowed`` unless ``allowed``."""
    if not allowed:
        raise NotAllowed(what, why)


def require_admin(viewer: Viewer, what: str) -> None:
    """Raise ``NotAllowed`` unless the viewer is an admin or the help desk itself."""
    require(viewer.is_admin, what, "only admins can")


def require_staff(viewer: Viewer, what: str) -> None:
    """Raise ``NotAllowed`` unless the viewer is staff or more."""
    require(viewer.is_staff, what, "only staff and admins can")


def require_self_or_admin(viewer: Viewer, user_id: str, what: str) -> None:
    """Raise ``NotAllowed`` unless the viewer is that person, or an admin."""
    oneself = viewer.is_person and viewer.actor.id == user_id
    require(oneself or viewer.is_admin, what, "only the account owner and admins can")


def _own(viewer: Viewer, ticket: Ownership) -> bool:
    return viewer.is_person and ticket.submitter_id == viewer.actor.id


def _shared(viewer: Viewer, ticket: Ownership) -> bool:
    """Say who sees the tickets of others; ``tickets.sight`` says the same in SQL."""
    shared = viewer.organization_id
    return viewer.is_person and shared is not None and shared == ticket.organization_id
