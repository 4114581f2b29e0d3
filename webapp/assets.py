"""The static files: read once at the start, served from memory under a name that never goes stale.

An asset's address carries its content hash, so browsers may keep it for good. The folder is
small and ours; nothing that a user uploads is ever served from here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from quart import Blueprint, Response, abort, request

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    body: bytes
    content_type: str
    digest: str


def _load() -> dict[str, Asset]:
    assets = {}
    for path in sorted(_FOLDER.iterdir()):
        body = path.read_bytes()
        digest = hashlib.sha256(body).hexdigest()[:16]
        assets[path.name] = Asset(body, _TYPES[path.suffix], digest)
    return assets


ASSETS = _load()

blueprint = Blueprint("assets", __name__)


def asset_url(name: str) -> str:
    """Return the address of the asset with its content hash; ``KeyError`` for an unknown one."""
    return f"/static/{name}?v={ASSETS[name].digest}"


@blueprint.get("/static/<name>")
async def asset(name: str) -> Response:
    """Serve one asset."""
    found = ASSETS.get(name)
    if found is None:
        abort(404)
    etag = f'"{found.digest}"'
    fresh = request.headers.get("If-None-Match") == etag
    response = Response(b"" if fresh else found.body, status=304 if fresh else 200)
    response.headers["Content-Type"] = found.content_type
    response.headers["ETag"] = etag
    current = request.args.get("v") == found.digest
    response.headers["Cache-Control"] = _FOREVER if current else _BRIEFLY
    return response
