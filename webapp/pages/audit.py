"""Admin, audit: who changed what."""

from quart import Response, request

from helpdesk.audit import AuditFilter
from webapp.context import app_context
from webapp.http.page import page
from webapp.pages.paging import Shown, page_number
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("audit", __name__, Access.ADMIN)

PER_PAGE = 50


@blueprint.get("/admin/audit")
async def audit() -> Response:
    """List actions, newest first."""
    asked = request.args
    wanted = AuditFilter(
        action=asked.get("action", "").strip() or None,
        subject=asked.get("subject", "").strip() or None,
        actor=asked.get("actor", "").strip() or None,
    )
    number = page_number(asked.get("page", ""))
    found = await app_context().helpdesk.audit.list(
        current_visit().actor, wanted, page=number, per_page=PER_PAGE
    )
    shown = Shown("/admin/audit", asked, number, found.total_pages)
    return page("audit.html", found=found, wanted=wanted, shown=shown)
