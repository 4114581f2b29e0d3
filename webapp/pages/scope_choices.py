"""Whose a thing is that staff keep, as options of a select: for canned replies and for views."""

from helpdesk.actors import Role
from helpdesk.scopes import EVERYONE, OWN
from webapp.context import app_context
from webapp.pages.options import Choice
from webapp.visitors.languages import say
from webapp.visitors.sessions import current_visit


async def scope_choices() -> tuple[Choice, ...]:
    """Offer what the visitor may choose."""
    visit = current_visit()
    is_admin = visit.signed_in.role is Role.ADMIN
    every = await app_context().helpdesk.groups.all(visit.actor)
    mine = [group for group in every if is_admin or visit.signed_in.id in group.member_ids]
    return (
        Choice(OWN, say("Only me")),
        *(Choice(f"group/{group.id}", group.name) for group in mine),
        *((Choice(EVERYONE, say("All staff")),) if is_admin else ()),
    )
