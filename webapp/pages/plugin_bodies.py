"""What a visitor sends to a route of a plugin, as one flat object of arguments.

Later parts win: path, query, body. Names that begin with ``_``, and ``org_id``, are the server's;
what a visitor sends under them is dropped, also inside the query.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
from quart import request
from werkzeug.datastructures import MultiDict

from webapp.errors import BodyInvalid, BodyUnreadable

MOST_BODY_BYTES = 4 * 1024 * 1024
MOST_QUERY_NAMES = 200
MOST_FILES = 20
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_RAW_BODY = frozenset({"_body", "_content_type"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


async def arguments(params: Mapping[str, str]) -> dict[str, Any]:
    """Return what was sent; ``params`` are those of the path. Raises BodyUnreadable, BodyInvalid.

    The query is there twice, flat and as an object ``query`` of texts: plugins read either.
    """
    query = _values(request.args)
    if len(query) > MOST_QUERY_NAMES:
        raise BodyInvalid(f"the query has more than {MOST_QUERY_NAMES} names")
    first = {name: request.args[name] for name in query if not _is_reserved(name)}
    raw = {} if request.method in SAFE else await _body()
    sent = {**({"query": first} if first else {}), **params, **query, **raw}
    return {
        name: value
        for name, value in sent.items()
        if not _is_reserved(name) or (name in raw and name in _RAW_BODY)
    }


async def _body() -> dict[str, Any]:
    kind = request.mimetype
    if kind in _FORMS:
        return await _form()
    raw = bytes(await request.body)
    if kind == "application/json" and raw:
        try:
            found = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            raise BodyUnreadable("the body is not JSON") from None
        if isinstance(found, dict):
            return {name: value for name, value in found.items() if name not in _RAW_BODY}
    return {"_body": raw.decode("utf-8", "replace"), "_content_type": kind} if raw else {}


async def _form() -> dict[str, Any]:
    fields = _values(await request.form)
    fields.pop("csrf_token", None)
    for name in _RAW_BODY:
        fields.pop(name, None)
    files = await request.files
    if sum(len(files.getlist(name)) for name in files) > MOST_FILES:
        raise BodyInvalid(f"at most {MOST_FILES} files can be sent at once")
    for name in files:
        found = [_file(each) for each in files.getlist(name) if each.filename]
        if found:
            fields[str(name)] = found[0] if len(found) == 1 else found
    return fields


def _file(sent: Any) -> dict[str, Any]:
    name = str(sent.filename).replace("\\", "/").rpartition("/")[2][:255]
    data = sent.stream.read()
    return {
        "filename": name,
        "content_type": sent.mimetype[:100],
        "size": len(data),
        "data": b64encode(data).decode(),
    }


def _values(found: MultiDict[str, str]) -> dict[str, Any]:
    """Return one value a text, several an array."""
    values = {str(name): [str(value) for value in found.getlist(name)] for name in found}
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}


def _is_reserved(name: str) -> bool:
    return name.startswith("_") or name == "org_id"
