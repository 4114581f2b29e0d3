"""Host calls in one table, each with its permission, which is checked here and only here.

A child is never believed: which plugin asks is known by its pipe, what it may do by its installed
manifest, and whatever it sends is validated again. A second ABI would add rows to the table.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec
import structlog

from sandbox_child.wire.messages import HostCall, LogLevel
from supervisor.calls.bound_secrets import SecretNotUsable
from supervisor.calls.caller import Caller
from supervisor.calls.chains import Chains
from supervisor.calls.ledger import (
    Attempt,
    Ledger,
    NoLedger,
    account,
    asked_by,
    letter_account,
    shown_request,
)
from supervisor.calls.shapes import AddReply, SetCustomField
from supervisor.egress import (
    EgressAnswer,
    EgressProgress,
    EgressRequest,
    MalformedRequest,
    Sizes,
    parse_request,
)
from supervisor.egress.url import read_host
from supervisor.limits import Limits
from supervisor.ports import ActionResult, PluginActor, TicketActions
from supervisor.process.conversation import AnyWork, Called
from supervisor.states import EgressOutcome
from supervisor.views import HostCallRecord

__all__ = ["PERMISSIONS", "Caller", "Egress", "HostCalls"]

log = structlog.get_logger("supervisor.hostcalls")

_FORBIDDEN, _NO_ANSWER = 403, 0
_DETAIL_LIMIT = 500
_ANSWER_LIMIT = 4096
"""Characters of an HTTP answer that are kept, so that a delivery can be tried again elsewhere."""


class Egress(Protocol):
    """Outbound requests."""

    async def request(
        self,
        request: EgressRequest,
        allowed_hosts: frozenset[str],
        progress: EgressProgress | None = None,
        sizes: Sizes | None = None,
    ) -> EgressAnswer:
        """Make one request; raises nothing but Cancelled."""
        ...


class NamedCalls(Protocol):
    """Calls by name, which ``host_functions`` answers."""

    async def answer(self, caller: Caller, called: Called) -> tuple[int, bytes]:
        """Return whether a call went well, and its JSON."""
        ...

    async def release(self, plugin_id: str) -> None:
        """Forget a plugin that runs no longer."""
        ...

    async def job_ended(self, plugin_id: str) -> None:
        """End what a plugin's jobs alone need."""
        ...


@dataclass(slots=True)
class _Call:
    """One host call while it is answered."""

    caller: Caller
    work: AnyWork
    raw: bytes
    request: Mapping[str, Any] = field(default_factory=dict)
    """What is asked, for the record, as soon as it is understood."""
    attempt: Attempt = field(default_factory=Attempt)
    """Progress of an HTTP request."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes = b""
    detail: str | None = None


class HostCalls:
    """Answers host calls of every plugin."""

    def __init__(
        self,
        egress: Egress,
        actions: TicketActions,
        ledger: Ledger | None = None,
    ) -> None:
        self._egress = egress
        self._actions = actions
        self._ledger = ledger or NoLedger()
        self._chains = Chains()
        self.functions: NamedCalls | None = None
        """For plugins whose contract calls the host by name."""

    async def release(self, plugin_id: str) -> None:
        """Forget a plugin that runs no longer."""
        if self.functions is not None:
            await self.functions.release(plugin_id)

    async def job_ended(self, plugin_id: str) -> None:
        """End what a plugin's jobs alone need; none runs."""
        if self.functions is not None:
            await self.functions.job_ended(plugin_id)

    def draw(self, work: AnyWork, limits: Limits) -> str | None:
        """Count one host call of a chain; return why it must not be made, None where it may."""
        return self._chains.draw(work, limits, is_http=False)

    async def answer(self, caller: Caller, called: Called) -> tuple[int, bytes]:
        """Return the status and the body for the guest; raises nothing but Cancelled."""
        if called.name is HostCall.NAMED:
            return await self.functions.answer(caller, called) if self.functions else (0, b"")
        entry = _TABLE[called.name]
        call = _Call(caller, called.work, called.request)
        started = time.monotonic()
        # What stays on record where the deadline, or the child's end, cuts the call off.
        answer = _Answer(entry.broken, detail="it was stopped with the event")
        try:
            answer = await self._try(entry, call)
        finally:
            spent = time.monotonic() - started
            _note(entry, call, answer, spent)
            if called.name == HostCall.HTTP_REQUEST:
                self._enter(call, answer, spent)
        return answer.status, answer.body

    async def fetch(
        self, caller: Caller, work: AnyWork, request: EgressRequest, hosts: frozenset[str]
    ) -> EgressAnswer:
        """Make a request to one of ``hosts`` for a named call; it is in the ledger afterwards."""
        call = _Call(caller, work, b"", shown_request(request))
        limits = caller.limits
        started = time.monotonic()
        status, detail = _NO_ANSWER, "it was cut off with the call"
        try:
            if problem := self._chains.draw(work, limits, is_http=True):
                detail = problem
                return EgressAnswer(_NO_ANSWER, b"", problem, None, 0, 0, 0.0, refused=True)
            call.attempt.progress = EgressProgress()
            call.attempt.answer = got = await self._egress.request(
                request,
                hosts,
                call.attempt.progress,
                Sizes(limits.http_request_bytes, limits.http_response_bytes),
            )
            status, detail = got.status, got.detail or ""
            return got
        finally:
            answer = _Answer(status, detail=detail or None)
            self._enter(call, answer, time.monotonic() - started)

    def mailed(
        self, caller: Caller, work: AnyWork, domain: str, outcome: EgressOutcome, detail: str
    ) -> None:
        """Enter a letter of a plugin in the egress log."""
        self._ledger.note(letter_account(caller, domain, outcome, detail), work)

    def _enter(self, call: _Call, answer: _Answer, spent: float) -> None:
        """Put a request into the egress log, whatever became of it."""
        entry = account(
            call.caller.plugin_id,
            call.request or asked_by(call.raw),
            call.attempt,
            call.caller.redact,
            status=answer.status,
            duration_s=spent,
            detail=answer.detail,
        )
        self._ledger.note(entry, call.work)

    async def _try(self, entry: "_Entry", call: _Call) -> _Answer:
        caller = call.caller
        if entry.permission not in caller.grants:
            asked = entry.permission not in caller.never_asked
            why = "denied by an admin" if asked else "not requested by the plugin"
            return _Answer(entry.refused, detail=f"the permission {entry.permission!r} is {why}")
        is_http = entry.name == "ohd_http_request"
        if problem := self._chains.draw(call.work, caller.limits, is_http=is_http):
            return _Answer(_NO_ANSWER if is_http else ActionResult.LIMIT, detail=problem)
        try:
            return await entry.handler(self, call)
        except Exception as exc:
            error = caller.redact(f"{type(exc).__name__}: {exc}")
            log.error("host_call_failed", plugin=caller.plugin_id, call=entry.name, error=error)
            return _Answer(entry.broken, detail="the host failed")

    async def http(self, call: _Call) -> _Answer:
        """Answer ``ohd_http_request``."""
        try:
            request = parse_request(call.raw)
        except MalformedRequest as exc:
            return _Answer(_NO_ANSWER, detail=str(exc))
        call.request = shown_request(request)
        host = read_host(request.url)
        if host in call.caller.withheld_hosts:
            # Before any secret is put in: none is filled for a host that is denied.
            return _Answer(_FORBIDDEN, detail=f"the host {host} is denied by an admin")
        limits = call.caller.limits
        try:
            request = call.caller.secrets.fill(request, limits.http_request_bytes)
        except SecretNotUsable as exc:
            return _Answer(_FORBIDDEN, detail=str(exc))
        call.attempt.progress = EgressProgress()
        call.attempt.answer = got = await self._egress.request(
            request,
            call.caller.allowed_hosts,
            call.attempt.progress,
            Sizes(limits.http_request_bytes, limits.http_response_bytes),
        )
        return _Answer(got.status, call.caller.secrets.hide(got.body), got.detail)

    async def reply(self, call: _Call) -> _Answer:
        """Answer ``ohd_add_reply``."""
        try:
            reply = msgspec.json.decode(call.raw, type=AddReply)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            return _malformed(exc)
        call.request = msgspec.structs.asdict(reply)
        # Its event has the ticket in it, which is about as long as the event that is handled.
        if problem := call.caller.change(len(call.raw) + len(call.work.blob), call.work):
            return _Answer(ActionResult.LIMIT, detail=problem)
        result = await self._actions.add_reply(
            _actor(call), reply.ticket_id, reply.body, is_internal=reply.is_internal
        )
        return _Answer(result, detail=_WORDS.get(result))

    async def field(self, call: _Call) -> _Answer:
        """Answer ``ohd_set_custom_field``."""
        try:
            field = msgspec.json.decode(call.raw, type=SetCustomField)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            return _malformed(exc)
        call.request = msgspec.structs.asdict(field)
        if problem := call.caller.change(len(call.raw), call.work):
            return _Answer(ActionResult.LIMIT, detail=problem)
        result = await self._actions.set_custom_field(
            _actor(call), field.ticket_id, field.key, field.value
        )
        return _Answer(result, detail=_WORDS.get(result))


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    permission: str
    handler: Callable[[HostCalls, _Call], Awaitable[_Answer]]
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


def granted(requested: frozenset[str], denied: frozenset[str]) -> frozenset[str]:
    """Return the permissions of host calls that a plugin has: requested, and not denied."""
    return (PERMISSIONS & requested) - denied


_WORDS: Final = {
    ActionResult.MALFORMED: "the payload is invalid",
    ActionResult.NO_SUCH_TICKET: "the ticket does not exist",
    ActionResult.NOT_PERMITTED: "the ticket does not allow it",
    ActionResult.LIMIT: "a limit was reached",
    ActionResult.HOST_ERROR: "the host failed",
}


def _actor(call: _Call) -> PluginActor:
    caller = call.caller
    return PluginActor(caller.plugin_id, caller.name, call.work.depth, call.work.cause)


def _malformed(exc: Exception) -> _Answer:
    # msgspec names the path and the types, never a value.
    reason = str(exc) if isinstance(exc, msgspec.ValidationError) else "it is not JSON"
    return _Answer(ActionResult.MALFORMED, detail=f"the payload is invalid: {reason}")


def _note(entry: _Entry, call: _Call, answer: _Answer, duration_s: float) -> None:
    """Put a call on the record of its event, without secrets."""
    redact = call.caller.redact
    detail = redact(answer.detail)[:_DETAIL_LIMIT] if answer.detail else None
    request = {k: redact(v) if isinstance(v, str) else v for k, v in call.request.items()}
    shown, cut = redact.head(answer.body, _ANSWER_LIMIT) if answer.body else (None, False)
    call.work.host_calls.append(
        HostCallRecord(entry.name, request, answer.status, duration_s * 1000, detail, shown, cut)
    )
    if detail:
        call.caller.log(LogLevel.WARN, f"{entry.name}: {detail}", call.work)
