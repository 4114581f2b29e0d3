"""JSON in and out: bodies and query strings decoded against a type, answers encoded.

What does not fit is refused by naming the member, what was found and what was expected.
"""

import hashlib
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec
from quart import Response, request

from helpdesk.once import Once
from webapp.errors import BodyInvalid, BodyUnreadable, NotJson

T = TypeVar("T")
Query = TypeVar("Query", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()


async def request_once() -> Once | None:
    """Return what tells this request from others, None where it bears no ``Idempotency-Key``."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    body = await request.get_data(as_text=False)
    digest.update(body if isinstance(body, bytes) else body.encode())
    return Once(key, digest.hexdigest())


def json_response(body: object, *, status: int = 200) -> Response:
    """Encode ``body`` (structs, dataclasses, enums and times included) as a response."""
    response = Response(_encoder.encode(body), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


async def read_json(wanted: type[T]) -> T:
    """Read the request's body as ``wanted``; no body at all is an empty object.

    Raises ``NotJson`` for another content type, ``BodyUnreadable`` for what is not JSON, and
    ``BodyInvalid`` for JSON of another shape.
    """
    raw = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    if request.mimetype != "application/json" and (raw or request.mimetype):
        raise NotJson
    try:
        return msgspec.json.decode(raw or b"{}", type=wanted)
    except msgspec.ValidationError as error:
        raise BodyInvalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable("one JSON object in UTF-8") from error


def read_query(wanted: type[Query]) -> Query:
    """Read the query string as ``wanted``; a parameter that it does not know is refused.

    A member that is a list takes a parameter that is repeated; of any other the first one counts.
    Raises ``BodyInvalid``.
    """
    lists = {name for name, kind in get_type_hints(wanted).items() if get_origin(kind) is list}
    values: dict[str, Any] = {
        name: request.args.getlist(name) if name in lists else text
        for name, text in request.args.items()
    }
    try:
        return msgspec.convert(values, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise BodyInvalid(f"query: {error}") from error
