"""The egress log and the audit log over the API, for admins."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from helpdesk.audit import AuditEntry, AuditFilter
from helpdesk.clock import rfc3339
from supervisor.states import EgressOutcome
from supervisor.views import EgressEntry, EgressFilter
from webapp.api.operations import operation
from webapp.api.queries import Paged
from webapp.api.shapes import Listing, Moment, listing
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_records", __name__, Access.ADMIN)


class EgressQuery(Paged):
    """Filter of plugin requests."""

    plugin: Annotated[str, Meta(description="A plugin ID.")] = ""
    host: str = ""
    outcome: EgressOutcome | None = None
    event: Annotated[str, Meta(description="ID of the delivered event.")] = ""

    def filter(self) -> EgressFilter:
        """Say it in the supervisor's terms."""
        return EgressFilter(
            self.plugin or None, self.host or None, self.outcome, self.event or None
        )


class AuditQuery(Paged):
    """Filter of the audit log."""

    action: Annotated[str, Meta(description="Such as plugin.enabled.")] = ""
    subject: Annotated[str, Meta(description="A plugin ID, or settings.")] = ""
    actor: Annotated[str, Meta(description="Part of a name or email address, or a user ID.")] = ""

    def filter(self) -> AuditFilter:
        """Say it in the domain's terms."""
        return AuditFilter(self.action or None, self.subject or None, self.actor or None)


class AuditOut(Struct):
    """One action of an admin."""

    id: int
    at: Moment
    actor_id: str
    actor_name: str
    origin: str
    action: str
    subject: str
    changes: dict[str, Any]


@operation(blueprint, "GET", "/api/admin/egress", errors=(403,))
async def egress(query: EgressQuery) -> Listing[EgressEntry]:
    """List plugin requests, allowed and refused, newest first."""
    found, total = await app_context().supervisor.egress_log.page(
        query.filter(), limit=query.per_page, offset=(query.page - 1) * query.per_page
    )
    return Listing(found, query.page, query.per_page, total, -(-total // query.per_page))


@operation(blueprint, "GET", "/api/admin/audit", errors=(403,))
async def audit(query: AuditQuery) -> Listing[AuditOut]:
    """List the entries of the audit log, newest first."""
    found = await app_context().helpdesk.audit.list(
        current_visit().actor, query.filter(), page=query.page, per_page=query.per_page
    )
    return listing(found, _audit_json)


def _audit_json(entry: AuditEntry) -> AuditOut:
    return AuditOut(
        entry.id,
        rfc3339(entry.at),
        entry.actor_id,
        entry.actor_name,
        entry.origin,
        entry.action,
        entry.subject,
        dict(entry.changes),
    )
