"""The API's description: ``/api/openapi.json`` for programs, ``/api/docs`` for people."""

from dataclasses import dataclass
from typing import Any, cast

from quart import Quart, Response, current_app

from webapp.api.openapi import LISTING, document
from webapp.http.jsonio import json_response
from webapp.http.page import page
from webapp.rendering.markdown import to_html
from webapp.routes import Access, Section, facts

blueprint = Section("api_docs", __name__, Access.ANYONE)

_REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Member:
    """One parameter or member, as a row of a table."""

    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One named object."""

    name: str
    description: str
    members: tuple[Member, ...]


@blueprint.get("/api/openapi.json")
@facts(json=True)
async def description() -> Response:
    """Return the OpenAPI document."""
    return json_response(_document())


@blueprint.get("/api/docs")
@facts(json=True)
async def docs() -> Response:
    """Show the requests to people."""
    found = _document()
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, methods in found["paths"].items():
        for method, told in methods.items():
            entry = _entry(path, method, told)
            by_tag.setdefault(told["tags"][0], []).append(entry)
    about = to_html(found["info"]["description"])
    return page("api_docs.html", about=about, tags=by_tag)


@blueprint.get("/api/docs/objects")
@facts(json=True)
async def objects() -> Response:
    """Show the objects in requests and responses to people."""
    shapes = [
        _shape(name, schema)
        for name, schema in _document()["components"]["schemas"].items()
        # All pages of lists have one shape, which the introduction tells.
        if not name.startswith(LISTING)
    ]
    return page("api_objects.html", shapes=sorted(shapes, key=_name))


def _document() -> dict[str, Any]:
    app: Quart = current_app
    if _CACHE not in app.extensions:
        app.extensions[_CACHE] = document(app)
    return cast(dict[str, Any], app.extensions[_CACHE])


_CACHE = "openapi_document"


def _name(shape: Shape) -> str:
    return shape.name


def _entry(path: str, method: str, told: dict[str, Any]) -> dict[str, Any]:
    content = told.get("requestBody", {}).get("content", {})
    body = next((kind["schema"] for kind in content.values()), None)
    good = next(status for status in told["responses"] if status < "300")
    return {
        "id": told["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": told["summary"],
        "description": told.get("description", ""),
        "parameters": [
            Member(
                parameter["name"],
                type_name(parameter["schema"]),
                parameter.get("required", False),
                parameter.get("description", ""),
            )
            for parameter in told.get("parameters", ())
            # Those of the path stand in it, and are names and ids.
            if parameter["in"] != "path"
        ],
        "body": None if body is None else type_name(body),
        "good": good,
        "answer": _answer_type(told["responses"][good]),
        "refusals": sorted(told["responses"].keys() - {good}),
    }


def _answer_type(said: dict[str, Any]) -> str:
    content = said.get("content", {})
    return next((type_name(kind["schema"]) for kind in content.values()), "")


def _shape(name: str, schema: dict[str, Any]) -> Shape:
    required = set(schema.get("required", ()))
    members = tuple(
        Member(member, type_name(kind), member in required, kind.get("description", ""))
        for member, kind in schema.get("properties", {}).items()
    )
    return Shape(name, schema.get("description", ""), members)


def type_name(schema: dict[str, Any]) -> str:
    """Say in a few words what a schema takes."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(_REFERENCE)
        return name.replace(LISTING, "page of ") if name.startswith(LISTING) else name
    if "anyOf" in schema:
        return " or ".join(type_name(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {type_name(schema.get('items') or {})}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_name(schema['additionalProperties'])}"
    return f"{kind}, {schema['format']}" if "format" in schema else kind
