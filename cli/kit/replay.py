"""``ohd plugin run --delivery``: a delivery again, with the answers that its host calls got then.

The guest gets the same event, its calls the same answers in the same order and after the same time,
under the limits of that help desk. Secrets are not in the document: ``(secret)`` stands for each,
unless the command line gives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import msgspec
import trio

from cli.errors import CannotGoOn
from cli.trial.errors import FileWrong
from cli.trial.guest_call import Trial
from cli.trial.module import Inspection, read_file
from cli.trial.payload import Payload, candidate_of
from cli.trial.workbench import open_workbench
from sandbox_child.wire.messages import HostCall, LogLevel
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.calls.caller import Caller
from supervisor.config import SupervisorConfig
from supervisor.egress import MalformedRequest, parse_request
from supervisor.limits import Limits, stack_problem
from supervisor.manifest import ConfigValue, Manifest
from supervisor.plugins.artifacts import module_hash
from supervisor.ports import ActionResult
from supervisor.process.conversation import Called
from supervisor.secrets.redaction import MARK
from supervisor.states import Outcome
from supervisor.views import HostCallRecord
from supervisor.watching.delivery_document import DeliveryDocument, HostCallPart

_CUT = "…"
_SECRET = "(secret)"  # noqa: S105 - what stands in the place of one
_NAMES = {call: f"ohd_{call.name.lower()}" for call in HostCall}
_NOT_RUN = frozenset({Outcome.DROPPED.value, Outcome.START_FAILED.value})
_SAME = {Outcome.PROTOCOL.value: Outcome.LOST.value}
"""What a run without a server calls otherwise."""


def read_delivery(path: Path) -> DeliveryDocument:
    """Return the document in a file; raises CannotGoOn."""
    raw = read_file(path)
    try:
        document = msgspec.json.decode(raw, type=DeliveryDocument)
    except msgspec.ValidationError as exc:
        raise FileWrong(path, 1, f"this is not a help desk delivery: {exc}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise FileWrong(path, 1, f"this is not JSON: {exc}") from None
    if document.event is None:
        raise CannotGoOn(f"{path}: the help desk had already deleted the event of this delivery")
    if document.delivery.outcome in _NOT_RUN:
        outcome = document.delivery.outcome
        raise CannotGoOn(f"{path}: the plugin never received the event: the outcome is {outcome!r}")
    return document


def limits_of(document: DeliveryDocument, path: Path) -> Limits:
    """Return the limits that the delivery was under; raises FileWrong.

    What a later version has besides keeps its default.
    """
    known = {f.name: type(getattr(Limits(), f.name)) for f in fields(Limits)}
    given: dict[str, Any] = {n: known[n](v) for n, v in document.limits.items() if n in known}
    if bad := next((name for name, value in given.items() if value < 0), None):
        raise FileWrong(path, 1, f"limits.{bad} is negative")
    limits = replace(Limits(), **given)
    if problem := stack_problem(limits.wasm_stack_bytes):
        raise FileWrong(path, 1, f"limits.{problem}")
    return limits


@dataclass(slots=True)
class RecordedCalls:
    """Answers host calls as the document has it, and notes where the plugin asks for others."""

    recorded: list[HostCallPart]
    differences: list[str] = field(default_factory=list)
    _next: int = 0

    async def answer(self, caller: Caller, called: Called) -> tuple[int, bytes]:
        """Return what was answered then, after as long as it took."""
        number, name = self._next, _NAMES[called.name]
        self._next += 1
        asked = _asked(called)
        if number >= len(self.recorded) or self.recorded[number].name != name:
            return self._unknown(caller, called, number, name, asked)
        part = self.recorded[number]
        self._compare(number, part, asked)
        record = HostCallRecord(name, _redacted(caller, asked), part.status, 0.0, part.detail)
        called.work.host_calls.append(record)
        await trio.sleep(part.duration_ms / 1000)
        if part.detail:
            caller.log(LogLevel.WARN, f"{name}: {part.detail}", called.work)
        return part.status, (part.answer or "").encode("utf-8")

    @property
    def missing(self) -> list[str]:
        """Calls of the delivery that the plugin did not make this time."""
        return [
            f"call {n + 1} was {self.recorded[n].name}, and was not made this time"
            for n in range(self._next, len(self.recorded))
        ]

    def _unknown(
        self, caller: Caller, called: Called, number: int, name: str, asked: Mapping[str, Any]
    ) -> tuple[int, bytes]:
        was = (
            self.recorded[number].name
            if number < len(self.recorded)
            else "not made in the delivery"
        )
        self.differences.append(f"call {number + 1} is {name}; it was {was}")
        detail = "the delivery has no response for this call"
        status = 0 if called.name is HostCall.HTTP_REQUEST else int(ActionResult.HOST_ERROR)
        called.work.host_calls.append(
            HostCallRecord(name, _redacted(caller, asked), status, 0.0, detail)
        )
        caller.log(LogLevel.WARN, f"{name}: {detail}", called.work)
        return status, b""

    def _compare(self, number: int, part: HostCallPart, asked: Mapping[str, Any]) -> None:
        for key in ("method", "url", "key"):
            was, now = part.request.get(key), asked.get(key)
            hidden = isinstance(was, str) and (MARK in was or was.endswith(_CUT))
            if was != now and not hidden and _SECRET not in str(now):
                self.differences.append(f"call {number + 1}: {key} is {now!r}, and was {was!r}")
        if part.answer_cut:
            self.differences.append(
                f"call {number + 1}: the response was longer; the document has "
                f"{len(part.answer or ''):,} characters of it"
            )


@dataclass(frozen=True, slots=True)
class Replayed:
    """Comparison of a replay with the delivery."""

    delivery_id: str
    was: str
    now: str
    notes: tuple[str, ...]
    """Differences from the delivery."""

    @property
    def same(self) -> bool:
        """Whether it ended as the delivery did."""
        return self.was == self.now

    def lines(self) -> list[str]:
        """Return the comparison in sentences."""
        if self.same:
            verdict = f"same outcome as in the delivery: {self.now}"
        else:
            verdict = f"different outcome: {self.now}; in the delivery: {self.was}"
        return [*(f"note  {note}" for note in self.notes), verdict]

    def as_json(self) -> dict[str, Any]:
        """Return it in the form that ``--json`` prints."""
        return {
            "id": self.delivery_id,
            "outcome": self.was,
            "same": self.same,
            "notes": list(self.notes),
        }


async def replay(
    settings: SupervisorConfig,
    module: bytes,
    found: Inspection,
    path: Path,
    given: Mapping[str, str],
    *,
    deadline: float | None,
) -> tuple[Trial, Replayed]:
    """Give a new child the delivery in a file; raises CannotGoOn, ModuleRefused, ProcessError.

    ``given``: configuration of the command line. ``deadline``: in seconds, in place of the
    document's.
    """
    document = await trio.to_thread.run_sync(read_delivery, path)
    limits = limits_of(document, path)
    if deadline is not None:
        limits = replace(limits, deadline_s=deadline)
    manifest = found.manifest
    payload = Payload.of(path, document.event or {})
    known = {k: v for k, v in payload.config.items() if k in manifest.config_schema}
    payload = replace(payload, config=known)
    config = payload.configuration(manifest, given)
    work = payload.work(manifest, config, limits.payload_bytes)
    # The guest gets its secrets themselves: nothing is sent that they could be put into.
    candidate = candidate_of(manifest, _known_secrets(config), BoundSecrets(manifest, {}))
    calls = RecordedCalls(document.host_calls)
    async with open_workbench(replace(settings, limits=limits), module, found) as workbench:
        trial = await workbench.call(candidate, work, answers=calls, limits=limits)
    notes = (*_about_module(document, module, manifest), *calls.differences, *calls.missing)
    was = document.delivery.outcome
    return trial, Replayed(document.delivery.id, _SAME.get(was, was), trial.outcome.value, notes)


def _known_secrets(config: Mapping[str, ConfigValue]) -> dict[str, ConfigValue]:
    return {name: value for name, value in config.items() if value != _SECRET}


def _about_module(document: DeliveryDocument, module: bytes, manifest: Manifest) -> list[str]:
    was = document.plugin
    if was.id != manifest.id:
        return [f"the delivery belongs to {was.id}; this plugin is {manifest.id}"]
    if was.sha256 != module_hash(module):
        return [f"this is not the module that ran; the delivery used version {was.version}"]
    return []


def _asked(called: Called) -> dict[str, Any]:
    """Return a request as the record shows it; empty where it cannot be read."""
    try:
        if called.name is HostCall.HTTP_REQUEST:
            request = parse_request(called.request)
            return {"method": request.method, "url": request.url, "body": request.body}
        found = msgspec.json.decode(called.request)
    except (MalformedRequest, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _redacted(caller: Caller, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {k: caller.redact(v) if isinstance(v, str) else v for k, v in asked.items()}
