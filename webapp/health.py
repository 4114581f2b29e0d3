"""Says that the server answers, to whoever watches it. Tells nothing else."""

from quart import Blueprint, Response

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
async def healthz() -> Response:
    """Answer ``ok``."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")
