"""``GET /metrics``: figures for Prometheus.

For admins, by an API key or a session; and, where the operator allows it in config.toml, without a
key for this machine itself, so that a collector beside the server needs none.
"""

import importlib.metadata

import trio
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from quart import Response, current_app, request

from helpdesk.actors import Role
from webapp.context import app_context
from webapp.errors import LoginNeeded, NotForYou
from webapp.monitoring.exposition import Figures
from webapp.monitoring.traffic import traffic_of
from webapp.routes import Access, Section, facts
from webapp.visitors.origin import is_direct_from_here
from webapp.visitors.sessions import current_visit

blueprint = Section("metrics", __name__, Access.ANYONE)

_VERSION = importlib.metadata.version("open-help-desk")


@blueprint.get("/metrics")
@facts(json=True)
async def metrics() -> Response:
    """Return all metrics in Prometheus' text format."""
    _admit()
    here = app_context()
    figures = Figures(
        await here.supervisor.health.figures(), await here.supervisor.health.check(), _VERSION
    )
    counted = traffic_of(current_app.extensions).registry
    text = await trio.to_thread.run_sync(_render, figures, counted)
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _admit() -> None:
    if app_context().config.open_metrics and is_direct_from_here(request):
        return
    visit = current_visit()
    if visit.user is None:
        raise LoginNeeded
    if visit.user.role is not Role.ADMIN:
        raise NotForYou(Role.ADMIN)


def _render(figures: Figures, counted: CollectorRegistry) -> bytes:
    """Read the server's own process and write everything down; reads files of ``/proc``."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(figures)
    return generate_latest(registry) + generate_latest(counted)
