"""JSON in and out: bodies decoded against a type, answers encoded, the envelope of lists.

A body that does not fit is refused by naming the field, what was found and what was expected.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from quart import Response, request

from webapp.errors import BodyInvalid, BodyUnreadable, NotJson

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


def json_response(body: object, *, status: int = 200) -> Response:
    """Encode ``body`` (dataclasses, enums and times included) as a response."""
    response = Response(_encoder.encode(body), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


async def read_json(wanted: type[T]) -> T:
    """Read the request's body as ``wanted``.

    Raises ``NotJson`` for another content type, ``BodyUnreadable`` for what is not JSON, and
    ``BodyInvalid`` for JSON of another shape.
    """
    if request.mimetype != "application/json":
        raise NotJson
    raw = await request.get_data(cache=False, as_text=False, parse_form_data=False)
    try:
        return msgspec.json.decode(raw or b"{}", type=wanted)
    except msgspec.ValidationError as error:
        raise BodyInvalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable("one JSON object in UTF-8") from error


def envelope(
    rows: Sequence[Any], *, page: int, per_page: int, total: int, total_pages: int
) -> dict[str, Any]:
    """Return one page of a list, in the shape that every list of the API has."""
    return {
        "data": rows,
        "page": page,
        "per_page": per_page,
        "total": total,
        "total_pages": total_pages,
    }


def whole_list(rows: Sequence[Any]) -> dict[str, Any]:
    """Return a list that always fits one page, in the same envelope."""
    count = len(rows)
    return envelope(
        rows, page=1, per_page=max(1, count), total=count, total_pages=1 if count else 0
    )
