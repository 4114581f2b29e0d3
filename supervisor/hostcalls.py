"""What a guest may ask of the supervisor: one table, a permission each, checked here and only here.

A child is never believed: which plugin asks is known by its pipe, what it may do by its installed
manifest, and whatever it sends is validated again. A second ABI would add rows to the table.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog

from sandbox_child.wire.messages import HostCall, LogLevel
from supervisor.bound_secrets import BoundSecrets, SecretNotForHost
from supervisor.egress import EgressAnswer, EgressRequest, MalformedRequest, parse_request
from supervisor.ports import ActionResult, PluginActor, TicketActions
from supervisor.process.conversation import Called, Work
from supervisor.redaction import Redactor

log = structlog.get_logger("supervisor.hostcalls")

_FORBIDDEN, _NO_ANSWER = 403, 0
_DETAIL_LIMIT = 500


class Egress(Protocol):
    """The way out to the network."""

    async def request(self, request: EgressRequest, allowed_hosts: frozenset[str]) -> EgressAnswer:
        """Make one request; raises nothing but Cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """The plugin that asks, as the supervisor knows it."""

    plugin_id: str
    name: str
    allowed_hosts: frozenset[str]
    grants: frozenset[str]
    """Permissions that its manifest asks for and its admin has left it."""
    redact: Redactor
    secrets: BoundSecrets
    log: Callable[[LogLevel, str, Work | None], None]
    """Writes a line of the host's into the plugin's log."""
    depth: Callable[[Work], int]
    """Length of the chain of plugin causes that led to a guest call."""


@dataclass(frozen=True, slots=True)
class HostCallRecord:
    """One host call as the delivery log keeps it."""

    name: str
    request: Mapping[str, Any]
    """What was asked, without secrets."""
    status: int
    duration_ms: float
    detail: str | None

    def row(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "name": self.name,
            "request": dict(self.request),
            "status": self.status,
            "duration_ms": round(self.duration_ms, 3),
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes = b""
    request: Mapping[str, Any] = msgspec.field(default_factory=dict)
    detail: str | None = None


class _AddReply(msgspec.Struct):
    ticket_id: str
    body: str
    is_internal: bool = False


class _SetCustomField(msgspec.Struct):
    ticket_id: str
    key: str
    value: str


class HostCalls:
    """Answers host calls of every plugin."""

    def __init__(self, egress: Egress, actions: TicketActions, http_requests: int) -> None:
        """``http_requests``: how many a plugin may make in one guest call."""
        self._egress = egress
        self._actions = actions
        self._http_requests = http_requests

    async def answer(self, caller: Caller, called: Called) -> tuple[int, bytes]:
        """Return the status and the body for the guest; raises nothing but Cancelled."""
        entry = _TABLE[called.name]
        started = time.monotonic()
        if entry.permission not in caller.grants:
            answer = _Answer(
                entry.refused, detail=f"the plugin has no permission {entry.permission!r}"
            )
        else:
            try:
                answer = await entry.handler(self, caller, called)
            except Exception as exc:
                log.error(
                    "host_call_failed",
                    plugin=caller.plugin_id,
                    call=entry.name,
                    error=caller.redact(f"{type(exc).__name__}: {exc}"),
                )
                answer = _Answer(entry.broken, detail="the host could not do it")
        detail = caller.redact(answer.detail)[:_DETAIL_LIMIT] if answer.detail else None
        called.work.host_calls.append(
            HostCallRecord(
                entry.name,
                _redacted(answer.request, caller.redact),
                answer.status,
                (time.monotonic() - started) * 1000,
                detail,
            )
        )
        if detail:
            caller.log(LogLevel.WARN, f"{entry.name}: {detail}", called.work)
        return answer.status, answer.body

    async def http(self, caller: Caller, called: Called) -> _Answer:
        """Answer ``ohd_http_request``."""
        try:
            request = parse_request(called.request)
        except MalformedRequest as exc:
            return _Answer(_NO_ANSWER, detail=str(exc))
        shown = {"method": request.method, "url": request.url, "body": request.body}
        if self._count_http(called.work) > self._http_requests:
            return _Answer(
                _NO_ANSWER,
                request=shown,
                detail=f"more than {self._http_requests} HTTP requests in one event",
            )
        try:
            request = caller.secrets.fill(request)
        except SecretNotForHost as exc:
            return _Answer(_FORBIDDEN, request=shown, detail=str(exc))
        got = await self._egress.request(request, caller.allowed_hosts)
        return _Answer(got.status, got.body, shown, got.detail)

    @staticmethod
    def _count_http(work: Work) -> int:
        before = sum(
            isinstance(record, HostCallRecord) and record.name == "ohd_http_request"
            for record in work.host_calls
        )
        return before + 1

    async def reply(self, caller: Caller, called: Called) -> _Answer:
        """Answer ``ohd_add_reply``."""
        try:
            reply = msgspec.json.decode(called.request, type=_AddReply)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            return _malformed(exc)
        result = await self._actions.add_reply(
            _actor(caller, called), reply.ticket_id, reply.body, is_internal=reply.is_internal
        )
        return _changed(result, msgspec.structs.asdict(reply))

    async def field(self, caller: Caller, called: Called) -> _Answer:
        """Answer ``ohd_set_custom_field``."""
        try:
            field = msgspec.json.decode(called.request, type=_SetCustomField)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            return _malformed(exc)
        result = await self._actions.set_custom_field(
            _actor(caller, called), field.ticket_id, field.key, field.value
        )
        return _changed(result, msgspec.structs.asdict(field))


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    permission: str
    handler: Callable[[HostCalls, Caller, Called], Awaitable[_Answer]]
    refused: int
    """Status where the permission is missing."""
    broken: int
    """Status where the host itself fails."""


_TABLE: Final = {
    HostCall.HTTP_REQUEST: _Entry(
        "ohd_http_request", "http", HostCalls.http, _FORBIDDEN, _NO_ANSWER
    ),
    HostCall.ADD_REPLY: _Entry(
        "ohd_add_reply",
        "reply",
        HostCalls.reply,
        ActionResult.NOT_PERMITTED,
        ActionResult.HOST_ERROR,
    ),
    HostCall.SET_CUSTOM_FIELD: _Entry(
        "ohd_set_custom_field",
        "custom_field",
        HostCalls.field,
        ActionResult.NOT_PERMITTED,
        ActionResult.HOST_ERROR,
    ),
}

PERMISSIONS: Final = frozenset(entry.permission for entry in _TABLE.values())

_WORDS: Final = {
    ActionResult.MALFORMED: "the payload does not fit",
    ActionResult.NO_SUCH_TICKET: "there is no such ticket",
    ActionResult.NOT_PERMITTED: "the ticket does not allow it",
    ActionResult.LIMIT: "a limit was met",
    ActionResult.HOST_ERROR: "the host could not do it",
}


def _actor(caller: Caller, called: Called) -> PluginActor:
    return PluginActor(caller.plugin_id, caller.name, caller.depth(called.work))


def _malformed(exc: Exception) -> _Answer:
    # msgspec names the path and the types, never a value.
    reason = str(exc) if isinstance(exc, msgspec.ValidationError) else "it is not JSON"
    return _Answer(ActionResult.MALFORMED, detail=f"the payload does not fit: {reason}")


def _changed(result: ActionResult, request: Mapping[str, Any]) -> _Answer:
    return _Answer(result, request=request, detail=_WORDS.get(result))


def _redacted(request: Mapping[str, Any], redact: Redactor) -> dict[str, Any]:
    return {k: redact(v) if isinstance(v, str) else v for k, v in request.items()}
