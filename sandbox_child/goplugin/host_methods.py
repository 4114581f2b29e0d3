"""The methods of ``GKHost``: each is a host function, whose arguments and results are JSON."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from sandbox_child.protos import goatkit_pb2 as pb

SERVICE: Final = "/goatkit.plugin.v1.GKHost/"


class BadRequest(Exception):
    """The plugin asked for something in a wrong way; the message says what."""


class Failed(Exception):
    """The host function failed, and the method's answer has no room to say why."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is read, and how it is answered."""

    read: Callable[[bytes], tuple[str, bytes]]
    """Returns the host function and its arguments, JSON; raises BadRequest."""
    answer: Callable[[bytes], Message]
    """Makes the answer of the function's JSON."""
    fail: Callable[[str], Message]
    """Makes the answer that says why it failed; raises Failed."""


def _read(kind: type[Message], data: bytes) -> Any:
    try:
        return kind.FromString(data)
    except DecodeError:
        raise BadRequest("the request is no message of goatkit.plugin.v1") from None


def _method(
    function: str,
    kind: type[Message],
    arguments: Callable[[Any], dict[str, Any]],
    answer: Callable[[Any], Message],
    answer_kind: Callable[..., Message] = pb.Empty,
) -> Method:
    def read(data: bytes) -> tuple[str, bytes]:
        return function, json.dumps(arguments(_read(kind, data))).encode()

    def fail(why: str) -> Message:
        if answer_kind in (pb.Empty, pb.TranslateResponse):
            raise Failed(why)
        return answer_kind(error=why)

    return Method(read, lambda result: answer(json.loads(result)), fail)


def _values(args: Iterable[bytes]) -> list[Any]:
    values = []
    for number, each in enumerate(args):
        try:
            values.append(json.loads(each))
        except (ValueError, RecursionError):
            raise BadRequest(f"args[{number}] is not JSON") from None
    return values


def _sql(request: pb.DBQueryRequest | pb.DBExecRequest) -> dict[str, Any]:
    return {"query": request.query, "args": _values(request.args)}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _nothing(_result: object) -> Message:
    return pb.Empty()


def _rows(rows: list[Any] | None) -> Message:
    return pb.DBQueryResponse(rows_json=[json.dumps(row).encode() for row in rows or ()])


def _read_call(data: bytes) -> tuple[str, bytes]:
    request: pb.HostCallRequest = _read(pb.HostCallRequest, data)
    return request.function, request.args_json


METHODS: Final = {
    "DBQuery": _method("db_query", pb.DBQueryRequest, _sql, _rows, pb.DBQueryResponse),
    "DBExec": _method(
        "db_exec",
        pb.DBExecRequest,
        _sql,
        lambda found: pb.DBExecResponse(affected_rows=found["affected"]),
        pb.DBExecResponse,
    ),
    "CacheGet": _method(
        "cache_get",
        pb.CacheGetRequest,
        lambda asked: {"key": asked.key},
        lambda got: pb.CacheGetResponse(value=_bytes(got["value"]), found=got["found"]),
        pb.CacheGetResponse,
    ),
    "CacheSet": _method(
        "cache_set",
        pb.CacheSetRequest,
        lambda asked: {
            "key": asked.key,
            "value": _text(asked.value),
            "ttl": asked.ttl_seconds,
        },
        _nothing,
    ),
    "CacheDelete": _method(
        "cache_delete", pb.CacheDeleteRequest, lambda asked: {"key": asked.key}, _nothing
    ),
    "HTTPRequest": _method(
        "http_request",
        pb.HTTPRequestMsg,
        lambda asked: {
            "method": asked.method,
            "url": asked.url,
            "headers": dict(asked.headers),
            "body": _text(asked.body),
        },
        lambda got: pb.HTTPResponseMsg(status_code=got["status"], body=_bytes(got["body"])),
        pb.HTTPResponseMsg,
    ),
    "SendEmail": _method(
        "send_email",
        pb.SendEmailRequest,
        lambda asked: {
            "to": asked.to,
            "subject": asked.subject,
            "body": asked.body,
            "html": asked.html,
        },
        _nothing,
    ),
    "Log": _method(
        "log",
        pb.LogRequest,
        lambda asked: {
            "level": asked.level,
            "message": asked.message,
            "fields": dict(asked.fields),
        },
        _nothing,
    ),
    "ConfigGet": _method(
        "config_get",
        pb.ConfigGetRequest,
        lambda asked: {"key": asked.key},
        lambda got: pb.ConfigGetResponse(value=got["value"]),
        pb.ConfigGetResponse,
    ),
    "Translate": _method(
        "translate",
        pb.TranslateRequest,
        lambda asked: {"key": asked.key, "args": list(asked.args)},
        lambda got: pb.TranslateResponse(text=got["value"]),
        pb.TranslateResponse,
    ),
    "Call": Method(
        _read_call,
        lambda result: pb.HostCallResponse(result_json=result),
        lambda why: pb.HostCallResponse(error=why),
    ),
}
