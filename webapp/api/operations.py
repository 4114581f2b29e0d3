"""Operations of the API: the route, the request and the response of each.

A handler says both in its signature, and that one place serves twice: requests are decoded against
it, and ``openapi`` describes it, so that what is described is what is checked::

    @operation(blueprint, "POST", "/api/groups", status=201, location="/api/groups/{id}")
    async def create(body: GroupBody) -> GroupOut:
        \"\"\"Create a group (admins).\"\"\"

``body`` is the request's JSON, ``query`` its query string, ``once`` its ``Idempotency-Key``,
``match`` its ``If-Match``; the other parameters come from the address. An answer to a handler with
``match`` has an ``ETag``. A handler that gives None is answered 204.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, get_type_hints

import msgspec
from quart import Blueprint, Response, request

from helpdesk.errors import NotFound
from webapp.errors import BodyInvalid, PreconditionFailed
from webapp.http.jsonio import json_response, read_json, read_query, request_once
from webapp.http.preconditions import etag, is_unchanged, read_match
from webapp.routes import Body, facts

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])

_RECORD = "api_operation"


@dataclass(frozen=True, slots=True)
class Operation:
    """One route, as it is described and as it is served."""

    method: str
    rule: str
    name: str
    tag: str
    summary: str
    description: str
    body: Any
    """Type of the request's JSON; None where it takes none."""
    query: type[msgspec.Struct] | None
    once: bool
    """Whether it takes an ``Idempotency-Key``, so that a repeated request is done once."""
    match: bool
    """Whether it takes an ``If-Match``, so that a change is made to what its caller has read."""
    answer: Any
    """Type of the answer's JSON; None for 204."""
    status: int
    errors: tuple[int, ...] = ()
    """Statuses of refusals beside those that every such route has."""
    public: bool = False
    """Whether it serves visitors who are not logged in."""
    limit: Body = Body.USUAL
    """How large a body it takes."""
    token: bool = True
    """Whether a browser must show the page's token with it."""
    upload: bool = False
    """Whether it takes a file in multipart/form-data instead of JSON."""
    instead: Any = None
    """Type of the JSON that an upload takes in place of the file; its handler reads it."""
    unfinished: Any = None
    """Type of the answer 202, which says where the work that goes on can be followed."""


@dataclass(frozen=True, slots=True)
class _FromSignature:
    """Stands for *the answer is what the handler's signature says*."""


_FROM_SIGNATURE = _FromSignature()


def operation(
    blueprint: Blueprint,
    method: str,
    rule: str,
    *,
    status: int = HTTPStatus.OK,
    location: str | None = None,
    of: str = "",
    answer: Any = _FROM_SIGNATURE,
    **more: Any,
) -> Callable[[Handler], Handler]:
    """Serve the handler at ``rule``, and describe it.

    ``of`` is the kind of thing that the address names: where it is missing the answer is 404, and
    for a thing that the body names 422. ``location`` is a template over the answer's members.
    ``answer`` is for a handler that makes its response itself, to set a cookie. ``more`` are
    members of ``Operation``.
    """

    def register(handler: Handler) -> Handler:
        hints = get_type_hints(handler, include_extras=True)
        given = hints["return"] if answer is _FROM_SIGNATURE else answer
        shape = None if given is type(None) else given
        summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n")
        record = Operation(
            method=method,
            rule=rule,
            name=handler.__name__,
            tag=handler.__module__.rpartition(".")[2],
            summary=summary.rstrip("."),
            description=description.strip(),
            body=hints.get("body"),
            query=hints.get("query"),
            once="once" in hints,
            match="match" in hints,
            answer=shape,
            status=HTTPStatus.NO_CONTENT if shape is None else status,
            **more,
        )

        async def serve(**values: Any) -> Response:
            if record.query is not None:
                values["query"] = read_query(record.query)
            if record.body is not None:
                values["body"] = await read_json(record.body)
            if record.once:
                values["once"] = await request_once()
            if record.match:
                values["match"] = read_match()
            elif record.method != "GET" and "If-Match" in request.headers:
                raise PreconditionFailed("this address has no ETag; leave the header out")
            return _answer(await _handled(handler, values, of), record, location)

        setattr(serve, _RECORD, record)
        usual = record.upload and record.limit is Body.USUAL
        limit = Body.UPLOAD if usual else record.limit
        facts(json=True, body=limit, token=record.token)(serve)
        blueprint.add_url_rule(rule, handler.__name__, serve, methods=[method])
        return handler

    return register


def record_of(view: Callable[..., Any]) -> Operation | None:
    """Return what a view function was described as; None for one that is no operation."""
    record: Operation | None = getattr(view, _RECORD, None)
    return record


async def _handled(handler: Callable[..., Awaitable[Any]], values: dict[str, Any], of: str) -> Any:
    try:
        return await handler(**values)
    except NotFound as error:
        if of and error.kind == of:
            raise
        raise BodyInvalid(str(error)) from error


def _answer(result: Any, record: Operation, location: str | None) -> Response:
    if isinstance(result, Response):
        return result
    if record.answer is None:
        return Response("", status=record.status)
    response = json_response(result, status=record.status)
    if record.match:
        tag = etag(result)
        if record.method == "GET" and is_unchanged(tag):
            response = Response(b"", status=HTTPStatus.NOT_MODIFIED)
        response.headers["ETag"] = tag
    if location is not None:
        response.headers["Location"] = location.format_map(msgspec.to_builtins(result))
    return response
