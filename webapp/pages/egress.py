"""Admin, egress: the ledger of the plugins' requests, filtered and paged, and as a CSV file."""

from collections.abc import AsyncIterator

from quart import Response, request

from supervisor.service import Supervisor
from supervisor.states import EgressOutcome
from supervisor.views import EgressEntry, EgressFilter
from webapp.context import app_context
from webapp.http.page import page
from webapp.pages.asked import member_of
from webapp.pages.paging import Shown, page_number
from webapp.rendering.spreadsheets import Cell, csv_lines
from webapp.routes import Access, Section

blueprint = Section("egress", __name__, Access.ADMIN)

PER_PAGE = 50
LONGEST_S = 600.0
"""An export that its reader takes longer to read is cut off."""
_CHUNK = 1_000
_COLUMNS = (
    *("at", "plugin", "outcome", "method", "host", "path", "status", "address"),
    *("sent_bytes", "received_bytes", "duration_ms", "event_id", "detail"),
)


@blueprint.get("/admin/egress")
async def ledger() -> Response:
    """List requests, newest first."""
    wanted, number = _filter(), page_number(request.args.get("page", ""))
    supervisor = app_context().supervisor
    found, total = await supervisor.egress_log.page(
        wanted, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    return page(
        "egress.html",
        entries=found,
        shown=Shown("/admin/egress", request.args, number, -(-total // PER_PAGE)),
        total=total,
        wanted=wanted,
        outcomes=tuple(EgressOutcome),
        plugins=await supervisor.overview.plugins(),
    )


@blueprint.get("/admin/egress.csv")
async def export() -> Response:
    """Return every request that fits as CSV, newest first."""
    response = Response(
        _lines(app_context().supervisor, _filter()), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="egress.csv"'
    response.timeout = LONGEST_S
    return response


async def _lines(supervisor: Supervisor, wanted: EgressFilter) -> AsyncIterator[bytes]:
    yield csv_lines([_COLUMNS])
    before = None
    while found := await supervisor.egress_log.before(wanted, before=before, limit=_CHUNK):
        before = found[-1].id
        yield csv_lines(_cells(entry) for entry in found)


def _cells(entry: EgressEntry) -> tuple[Cell, ...]:
    return (
        entry.at,
        entry.plugin_id,
        entry.outcome.value,
        entry.method,
        entry.host,
        entry.path,
        entry.status,
        entry.address,
        entry.sent_bytes,
        entry.received_bytes,
        entry.duration_ms,
        entry.event_id,
        entry.detail,
    )


def _filter() -> EgressFilter:
    asked = request.args
    return EgressFilter(
        plugin_id=asked.get("plugin") or None,
        host=asked.get("host", "").strip() or None,
        outcome=member_of("outcome", EgressOutcome),
        event_id=asked.get("event") or None,
    )
