"""Describes the API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0).

Made from the routes that the app serves and the types that their handlers read and give; nothing is
written down a second time. A route under ``/api/`` that is no operation is an error, not a gap.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from quart import Quart

from helpdesk.once import LONGEST_KEY, VISIBLE
from webapp.api.operations import Operation, record_of
from webapp.api.shapes import ErrorOut
from webapp.routes import Body

VERSION = "1.0.0"
_REF = "#/components/schemas/{name}"
LISTING = "ListingOf"
"""Prefix of the names of list schemas."""
RESPONSES = "#/components/responses/"
_PARAMETER = re.compile(r"<(?:[a-z]+(?:\([^)]*\))?:)?([a-z_]+)>")
_JSON = "application/json"
_SAFE = frozenset({"GET", "HEAD"})
_SAID = {
    400: "The request body is not valid JSON.",
    401: "Not logged in, or the credentials are invalid.",
    403: "The caller lacks permission, or the CSRF token is missing.",
    404: "Not found, or not visible to the caller.",
    409: "Conflicts with the current state.",
    412: "`If-Match` names another version, or the address has no ETag.",
    413: "The request body is too large.",
    415: "The request body has an unsupported content type.",
    422: "A field is invalid; the error names it.",
    429: "Too many attempts. Wait, then try again.",
}
_ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes it safe to repeat the request: one with the same key is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": VISIBLE},
}
_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the version that the request is about: of another, it is refused.",
    "schema": {"type": "string", "minLength": 1},
}
_ABOUT = """\
Log in with an API key (`Authorization: Bearer ohd_sk_…`), which everybody makes on their profile \
page, or with the session of `POST /api/auth/login`. What a browser changes with a session must \
carry its token in `X-CSRF-Token` (see `GET /api/me`).

A request that creates a ticket or a reply can carry an `Idempotency-Key`: 1 to 255 ASCII \
characters of your choice. Send it again with the same key within a day and nothing is created \
twice: the answer shows what the first request created. A key of another request is refused (422).

Tickets and settings have an `ETag`. Send it as `If-Match` with a change: if someone else has \
changed them since, the change is refused (412).

Every list has the shape `data`, `page`, `per_page`, `total`, `total_pages`; every refusal is \
`{"error": "…"}`. Times are RFC 3339 in UTC. What changes is told live at `GET /events` as \
server-sent events: `ticket`, `notifications` and `refresh`, with ids and numbers only."""


def undescribed(app: Quart) -> list[str]:
    """Return the routes under ``/api/`` that say nothing of themselves; there should be none."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and record_of(app.view_functions[rule.endpoint]) is None
        and rule.endpoint.partition(".")[0] != "api_docs"
    ]


def operations(app: Quart) -> list[Operation]:
    """Return every operation that the app serves, by address."""
    found = [record_of(view) for view in app.view_functions.values()]
    described = [record for record in found if record is not None]
    return sorted(described, key=lambda record: (record.tag, record.rule, record.method))


def document(app: Quart) -> dict[str, Any]:
    """Return the description of the app's API."""
    every = operations(app)
    schemas = _Schemas(every)
    paths: dict[str, dict[str, Any]] = {}
    for record in every:
        path = _PARAMETER.sub(r"{\1}", record.rule)
        paths.setdefault(path, {})[record.method.lower()] = _described(record, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Open Help Desk", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({record.tag for record in every})],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": _refused(schemas),
            "securitySchemes": _security_schemes(),
        },
    }


class _Schemas:
    """JSON Schemas of all types, made in one go so that shared ones are named once."""

    def __init__(self, every: Iterable[Operation]) -> None:
        types: list[Any] = [ErrorOut]
        for record in every:
            kinds = (record.body, record.query, record.answer, record.instead, record.unfinished)
            types += [kind for kind in kinds if kind]
        made, components = msgspec.json.schema_components(types, ref_template=_REF)
        self._by_type = {repr(kind): schema for kind, schema in zip(types, made, strict=True)}
        # Query strings are described as parameters, not as objects.
        names = {r.query.__name__ for r in every if r.query is not None}
        self.parameters = {name: components[name] for name in names}
        self.components = {
            _plain(name): _renamed(schema)
            for name, schema in components.items()
            if name not in names
        }

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type."""
        schema: dict[str, Any] = _renamed(self._by_type[repr(kind)])
        return schema


def _plain(name: str) -> str:
    return LISTING + name.removeprefix("Listing_").rstrip("_") if name[:8] == "Listing_" else name


def _renamed(schema: Any) -> Any:
    """Give generic types names that people would give them: ``ListingOfTicketRow``."""
    if isinstance(schema, dict):
        return {
            key: _REF.format(name=_plain(value.rpartition("/")[2]))
            if key == "$ref"
            else _plain_title(value)
            if key == "title" and isinstance(value, str)
            else _renamed(value)
            for key, value in schema.items()
        }
    return [_renamed(part) for part in schema] if isinstance(schema, list) else schema


def _plain_title(title: str) -> str:
    return title.replace("[", "Of").replace("]", "")


def _described(record: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{record.tag}_{record.name}",
        "tags": [record.tag],
        "summary": record.summary,
    }
    if record.description:
        described["description"] = record.description
    if parameters := _parameters(record, schemas):
        described["parameters"] = parameters
    if body := _body(record, schemas):
        described["requestBody"] = body
    described["responses"] = _responses(record, schemas)
    described["security"] = _security(record)
    return described


def _parameters(record: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(record.rule)
    ]
    if record.once:
        found.append(_ONCE)
    if record.match:
        found.append(_MATCH)
    if record.query is None:
        return found
    schema = schemas.parameters[record.query.__name__]
    for name, member in schema["properties"].items():
        shape = dict(member)
        parameter = {"name": name, "in": "query", "schema": shape}
        if "description" in shape:
            parameter["description"] = shape.pop("description")
        found.append(parameter)
    return found


def _body(record: Operation, schemas: _Schemas) -> dict[str, Any] | None:
    if record.upload:
        kind = "application/octet-stream" if record.limit is Body.FILE else "application/wasm"
        file = {"type": "string", "contentMediaType": kind, "format": "binary"}
        schema = {"type": "object", "properties": {"file": file}, "required": ["file"]}
        content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
        if record.instead is not None:
            content[_JSON] = {"schema": schemas.of(record.instead)}
        return {"required": True, "content": content}
    if record.body is None:
        return None
    required = any(field.required for field in msgspec.structs.fields(record.body))
    return {"required": required, "content": {_JSON: {"schema": schemas.of(record.body)}}}


def _responses(record: Operation, schemas: _Schemas) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Success."}
    if record.answer is not None:
        good["content"] = {_JSON: {"schema": schemas.of(record.answer)}}
    found: dict[int, dict[str, Any]] = {
        status: {"$ref": f"{RESPONSES}{status}"} for status in _refusals(record)
    }
    found[record.status] = good
    if record.unfinished is not None:
        content = {_JSON: {"schema": schemas.of(record.unfinished)}}
        found[202] = {
            "description": "Accepted; the work continues after this response.",
            "content": content,
        }
    return {str(status): said for status, said in sorted(found.items())}


def _refused(schemas: _Schemas) -> dict[str, Any]:
    error = {_JSON: {"schema": schemas.of(ErrorOut)}}
    return {str(status): {"description": said, "content": error} for status, said in _SAID.items()}


def _refusals(record: Operation) -> set[int]:
    found = set(record.errors)
    if record.match:
        found |= {400, 412}
    if not record.public:
        found.add(401)
    if record.method not in _SAFE:
        found.add(403)
    if "<" in record.rule:
        found |= {404, 422}
    if record.query is not None:
        found.add(422)
    if record.body is not None or record.upload:
        found |= {400, 413, 415, 422}
    return found


def _security(record: Operation) -> list[dict[str, list[str]]]:
    if record.public:
        return []
    session: dict[str, list[str]] = {"session": []}
    return [{"apiKey": []}, session if record.method in _SAFE else session | {"csrfToken": []}]


def _security_schemes() -> dict[str, Any]:
    return {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "session": {"type": "apiKey", "in": "cookie", "name": "ohd_session"},
        "csrfToken": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    }
