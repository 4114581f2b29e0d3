"""Compares the result of a case with what it expected.

What happened is first put into the words of the expectation: a text that contains what was wanted
becomes that wish, and a body that is the same JSON the same text. What differs then is a
difference, and the two can be shown line by line.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cli.kit.function_shape import FunctionExpect
from cli.kit.shape import Contains, Expect, ExpectedReply, ExpectedRequest
from cli.kit.stubs import Asked
from cli.kit.tried import NO_RESULT, Happened


@dataclass(frozen=True, slots=True)
class Difference:
    """One key of ``expect`` that does not fit; both sides are plain values."""

    key: str
    expected: Any
    actual: Any


def differences(expect: Expect, happened: Happened) -> list[Difference]:
    """Return what does not fit, in the order of the keys; keys that are not given fit."""
    found = []
    for key, expected, actual in _sides(expect, happened):
        if expected != actual:
            found.append(Difference(key, expected, actual))
    return found


def recorded(happened: Happened) -> dict[str, Any]:
    """Return everything that happened in the form of ``expect``, for ``--update``."""
    trial = happened.trial
    full: dict[str, Any] = {"outcome": trial.outcome.value}
    if trial.url is not None:
        full["url"] = trial.url
    if happened.result is not NO_RESULT:
        full |= {"result": happened.result, "host_calls": happened.host_calls}
    full |= {
        "logs": happened.logs,
        "requests": [_request_in_full(asked) for asked in happened.requests],
        "replies": [{"body": r["body"], "internal": r["internal"]} for r in happened.replies],
        "fields": happened.fields,
    }
    if trial.error:
        full["error"] = {"contains": trial.error.splitlines()[0]}
    return full


def _sides(expect: Expect, happened: Happened) -> Iterator[tuple[str, Any, Any]]:
    trial = happened.trial
    yield "outcome", expect.outcome, trial.outcome.value
    if expect.error is not None:
        yield "error", _plain(expect.error), _text(expect.error, trial.error or "")
    if expect.url is not None:
        yield "url", expect.url, trial.url
    if isinstance(expect, FunctionExpect):
        yield from _function_sides(expect, happened)
    if expect.logs is not None:
        wanted, lines = expect.logs, happened.logs
        yield (
            "logs",
            [_plain(line) for line in wanted],
            [_text(wanted[i], line) if i < len(wanted) else line for i, line in enumerate(lines)],
        )
    if expect.requests is not None:
        requests, asked = expect.requests, happened.requests
        yield (
            "requests",
            [_given(request) for request in requests],
            [
                _request(requests[i], one) if i < len(requests) else _request_in_full(one)
                for i, one in enumerate(asked)
            ],
        )
    if expect.replies is not None:
        replies, written = expect.replies, happened.replies
        yield (
            "replies",
            [_given(reply) for reply in replies],
            [_reply(replies[i], one) if i < len(replies) else one for i, one in enumerate(written)],
        )
    if expect.fields is not None:
        yield "fields", expect.fields, happened.fields


def _function_sides(expect: FunctionExpect, happened: Happened) -> Iterator[tuple[str, Any, Any]]:
    found = None if happened.result is NO_RESULT else happened.result
    if expect.result is not msgspec.UNSET:
        yield "result", expect.result, found
    if expect.html is not None:
        page = str(found.get("html", "")) if isinstance(found, dict) else ""
        parts = expect.html if isinstance(expect.html, list) else [expect.html]
        missing = [part for part in parts if _text(part, page) != _plain(part)]
        wanted = _plain(expect.html)
        yield "html", wanted, page if missing else wanted
    if expect.host_calls is not None:
        yield "host_calls", expect.host_calls, happened.host_calls


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _given(wanted: ExpectedRequest | ExpectedReply) -> dict[str, Any]:
    """Return the keys that an expectation has, a body in the form in which bodies are compared."""
    given: dict[str, Any] = msgspec.to_builtins(wanted)
    if isinstance(wanted, ExpectedRequest) and wanted.body is not None:
        given["body"] = _parsed(wanted.body)
    if "method" in given:
        given["method"] = given["method"].upper()
    return given


def _text(wanted: str | Contains, found: str) -> Any:
    """Return ``found``, or the wish where it is fulfilled."""
    if isinstance(wanted, Contains) and wanted.contains in found:
        return _plain(wanted)
    return found


def _request(wanted: ExpectedRequest, asked: Asked) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    if wanted.method is not None:
        seen["method"] = asked.method
    if wanted.url is not None:
        seen["url"] = _text(wanted.url, asked.url)
    if wanted.headers is not None:
        seen["headers"] = _headers(wanted.headers, asked.headers)
    if wanted.body is not None:
        seen["body"] = _parsed(asked.body)
    if wanted.body_contains is not None:
        fits = wanted.body_contains in (asked.body or "")
        seen["body_contains"] = wanted.body_contains if fits else asked.body
    if wanted.status is not None:
        seen["status"] = asked.status
    return seen


def _headers(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    by_name = {name.lower(): value for name, value in found.items()}
    return {name: by_name[name.lower()] for name in wanted if name.lower() in by_name}


def _reply(wanted: ExpectedReply, written: Mapping[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    if wanted.body is not None:
        seen["body"] = _text(wanted.body, written["body"])
    if wanted.internal is not None:
        seen["internal"] = written["internal"]
    if wanted.ticket is not None:
        seen["ticket"] = written["ticket"]
    return seen


def _request_in_full(asked: Asked) -> dict[str, Any]:
    full: dict[str, Any] = {"method": asked.method, "url": asked.url}
    if asked.body:
        full["body"] = _parsed(asked.body)
    return full


def _parsed(body: Any) -> Any:
    """Return a body as the object or array that it is the JSON of, anything else as it is."""
    if not isinstance(body, str):
        return body
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return value if isinstance(value, dict | list) else body
