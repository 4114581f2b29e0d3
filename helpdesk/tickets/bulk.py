"""One change to many chosen tickets, in one transaction: all of them or none.

Owns the bound on how many, and the one refusal that names every ticket in the way. What a change
means is ``edits``' to say.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from helpdesk import access
from helpdesk.errors import Conflict, HelpDeskError, Invalid, NotAllowed, NotFound
from helpdesk.events import EventType
from helpdesk.text import counted
from helpdesk.tickets import edits, notices
from helpdesk.tickets.change import Change
from helpdesk.tickets.edits import TicketChanges

MOST = 500
"""Tickets changed at once: with their events well under a second, in which no other write runs."""
_NAMED = 5
"""Refusals that an error spells out; it counts the others."""


class SomeRefused(Conflict):
    """Some of the chosen tickets cannot be changed this way, so none was."""

    def __init__(self, chosen: int, refused: Sequence[tuple[str, HelpDeskError]]) -> None:
        self.refused = tuple(refused)
        named = "; ".join(f"{name}: {error}" for name, error in refused[:_NAMED])
        more = len(refused) - _NAMED
        rest = f"; and {more:,} more" if more > 0 else ""
        super().__init__(
            f"nothing was changed: {len(refused):,} of {counted(chosen, 'ticket')} can't be "
            f"changed: {named}{rest}",
            "deselect them and try again",
        )


def update(change: Change, references: Iterable[str], changes: TicketChanges) -> int:
    """Make the same changes to every chosen ticket; return how many were not like that already.

    Raises ``SomeRefused``; ``Invalid`` and ``NotFound`` for changes that no ticket could take.
    """
    access.require_staff(change.viewer, "change many tickets at once")
    chosen = tuple(dict.fromkeys(references))
    if not 1 <= len(chosen) <= MOST:
        raise Invalid("tickets", counted(len(chosen), "ticket"), f"1 to {MOST} of them")
    # A person who is given many tickets at once gets one notice.
    many = dataclasses.replace(change, untold=frozenset({EventType.ASSIGNED}))
    changed, given, assignee = 0, 0, None
    refused: list[tuple[str, HelpDeskError]] = []
    for reference in chosen:
        name = reference
        try:
            before = many.ticket(reference)[0]
            name = f"#{before.number}"
            after = edits.update(many, before.id, changes)
        except (NotAllowed, Conflict) as error:
            refused.append((name, error))
            continue
        except NotFound as error:
            if error.kind != "ticket":
                raise
            refused.append((name, error))
            continue
        changed += after != before
        if after.assignee is not None and after.assignee != before.assignee:
            given, assignee = given + 1, after.assignee
    if refused:
        raise SomeRefused(len(chosen), refused)
    if assignee is not None:
        notices.tell_of_many(change.connection, assignee, given, change.viewer.actor, change.now)
    return changed
