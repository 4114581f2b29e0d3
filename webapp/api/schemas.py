"""The JSON Schemas over the API, for editors and other programs; no login needed."""

from functools import cache
from typing import Any

import msgspec

from helpdesk.errors import NotFound
from webapp.api.operations import operation
from webapp.api.plugin_schemas import schemas
from webapp.routes import Access, Section

blueprint = Section("api_schemas", __name__, Access.PUBLIC)

_KIND = "schema"


class SchemaOut(msgspec.Struct):
    """One schema: what it describes and where it is."""

    name: str
    url: str


@operation(blueprint, "GET", "/api/schemas", public=True)
async def listing() -> list[SchemaOut]:
    """List the JSON Schemas of manifests, events and host calls."""
    return [SchemaOut(name, f"/api/schemas/{name}.json") for name in _all()]


@operation(blueprint, "GET", "/api/schemas/<schema>.json", of=_KIND, public=True)
async def one(schema: str) -> dict[str, Any]:
    """Return one JSON Schema."""
    found = _all().get(schema)
    if found is None:
        raise NotFound(_KIND, schema)
    return found


@cache
def _all() -> dict[str, dict[str, Any]]:
    return dict(schemas())
