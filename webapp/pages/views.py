"""The views of the ticket list: those that are built in for a role, and those that staff saved."""

from dataclasses import dataclass

from helpdesk.actors import Role
from helpdesk.tickets.model import TicketFilter
from webapp.context import app_context
from webapp.pages.list_query import USUAL_SORT, view_filter, views_for
from webapp.visitors.languages import say
from webapp.visitors.sessions import current_visit


@dataclass(frozen=True, slots=True)
class View:
    """One view, by what it shows."""

    title: str
    filter: TicketFilter
    sort: str
    is_saved: bool

    @property
    def shown_title(self) -> str:
        """Return the title, in the reader's language where it is not a person's own."""
        return self.title if self.is_saved else say(self.title)


async def views_of_visitor() -> dict[str, View]:
    """Return the visitor's views by the name that the address has; the first is everything."""
    visit, desk = current_visit(), app_context().helpdesk
    role = visit.signed_in.role
    shares = (
        role is Role.USER and await desk.organizations.shared_by(visit.signed_in.id) is not None
    )
    built_in = {
        name: View(title, view_filter(name, role), USUAL_SORT, is_saved=False)
        for name, title in views_for(role, shares=shares).items()
    }
    saved = await desk.views.all(visit.actor)
    return built_in | {
        view.id: View(view.name, view.filter, view.sort, is_saved=True) for view in saved
    }
