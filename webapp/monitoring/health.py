"""Says that the server answers, and whether it can work, to whoever watches it; nothing else."""

import msgspec
from quart import Response

from webapp.context import app_context
from webapp.routes import Access, Section

blueprint = Section("health", __name__, Access.PUBLIC)


@blueprint.get("/healthz")
async def healthz() -> Response:
    """Answer ``ok``: the process lives and its event loop turns."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
async def readyz() -> Response:
    """Tell whether the server can work: 200, or 503 with the parts that cannot.

    The reasons are in the metrics and in the log; here they would be for everybody.
    """
    vitals = await app_context().supervisor.health.check()
    ready = all(vital.ok for vital in vitals)
    parts = {vital.name: "ok" if vital.ok else "failing" for vital in vitals}
    body = msgspec.json.encode({"ready": ready, "parts": parts})
    return Response(body, status=200 if ready else 503, content_type="application/json")
