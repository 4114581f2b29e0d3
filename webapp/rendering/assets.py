"""The static files: read once at the start, served from memory under a name that never goes stale.

An asset's address carries its content hash, so browsers may keep it for good; a script that
imports another names it with that one's hash, so that the two never come from different versions.
The folder is small and ours; nothing that a user uploads is ever served from here.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from quart import Response, abort, g, request

from webapp.rendering import vendored
from webapp.routes import Access, Section

_FOLDER = Path(__file__).parents[1] / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=300"
_IMPORT = re.compile(rb'(?<=from ")\./([a-z_-]+\.js)(?=";)')


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    body: bytes
    packed: bytes
    """The body in gzip. Pages are never packed: they hold secrets beside what a visitor chose."""
    content_type: str
    digest: str


def _load() -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.is_file():
            _read(path, found)
    return found


def _load_vendored() -> dict[str, Asset]:
    return {
        one.name: _asset(body, ".js")
        for one in (vendored.CHART,)
        if (body := one.read()) is not None
    }


def _asset(body: bytes, suffix: str) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(body, gzip.compress(body, mtime=0), _TYPES[suffix], digest)


def _read(path: Path, found: dict[str, Asset]) -> Asset:
    """Read one file after those that it imports; scripts must not import in a circle."""
    if path.name not in found:
        body = path.read_bytes()
        if path.suffix == ".js":
            body = _IMPORT.sub(lambda match: _address_in(path, match, found), body)
        found[path.name] = _asset(body, path.suffix)
    return found[path.name]


def _address_in(importer: Path, match: re.Match[bytes], found: dict[str, Asset]) -> bytes:
    name = match[1].decode("ascii")
    return _address(name, _read(importer.with_name(name), found)).encode("ascii")


def _address(name: str, asset: Asset) -> str:
    return f"/static/{name}?v={asset.digest}"


ASSETS = _load()
VENDORED = _load_vendored()

blueprint = Section("assets", __name__, Access.PUBLIC)


def asset_text(name: str) -> str:
    """Return the text of an asset, for a document that shares no cache; ``KeyError`` if unknown."""
    return ASSETS[name].body.decode("utf-8")


def missing_scripts() -> tuple[str, ...]:
    """Return a sentence for each script of others that documents of plugins cannot load."""
    return () if vendored.CHART.name in VENDORED else (vendored.CHART.missing,)


def asset_url(name: str) -> str:
    """Return the address of the asset with its content hash; ``KeyError`` for an unknown one."""
    return _address(name, ASSETS[name])


@blueprint.get("/static/<name>")
async def asset(name: str) -> Response:
    """Serve one asset."""
    found = ASSETS.get(name)
    if found is None:
        abort(404)
    return _served(found)


@blueprint.get("/static/vendor/<name>")
async def vendored_asset(name: str) -> Response:
    """Serve a script of others to documents of plugins, which have no origin."""
    found = VENDORED.get(name)
    if found is None:
        if name != vendored.CHART.name:
            abort(404)
        return Response(f"{vendored.CHART.missing}\n", status=404, content_type="text/plain")
    g.shared = True
    return _served(found)


def _served(found: Asset) -> Response:
    is_packed = request.accept_encodings.quality("gzip") > 0
    etag = f'"{found.digest}{"-gzip" if is_packed else ""}"'
    fresh = request.headers.get("If-None-Match") == etag
    body = found.packed if is_packed else found.body
    response = Response(b"" if fresh else body, status=304 if fresh else 200)
    response.headers["Vary"] = "Accept-Encoding"
    if is_packed and not fresh:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Type"] = found.content_type
    response.headers["ETag"] = etag
    current = request.args.get("v") == found.digest
    response.headers["Cache-Control"] = _FOREVER if current else _BRIEFLY
    return response
