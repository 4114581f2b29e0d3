"""Turns what a child says of its guest into rows, counts and log lines: redacted and bounded."""

import json
import time
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from sandbox_child.wire.messages import LogLevel
from supervisor.delivery.call_arguments import shown_arguments
from supervisor.delivery.function_calls import CallRequest
from supervisor.delivery.journal import Journal
from supervisor.delivery.tally import Tally
from supervisor.delivery.work import Delivery, function_work
from supervisor.delivery.write_quota import WriteQuota
from supervisor.process.conversation import AnyWork
from supervisor.secrets.redaction import Redactor
from supervisor.states import DeliveryKind, Outcome
from supervisor.store.deliveries import DeliveryRow
from supervisor.store.plugin_log import LogRow
from supervisor.text import clean_text
from supervisor.views import HostCallRecord

_MAX_ERROR = 16_000
_MAX_VALUE = 200
_MAX_URL = 2_000
_MOST_DROPPED, _WINDOW_S = 30, 60.0
"""Calls that were never made and are listed, and in which time; the rest is counted alone."""
MOST_LISTED = 120
"""Pages and widgets that went well and are listed, of one plugin in a minute; all are counted."""
_OFTEN = frozenset({DeliveryKind.ROUTE, DeliveryKind.WIDGET})
_REMEMBERED, _DIFFERENT, _MAX_LINE = 100, 5, 300
_LEVELS = {level: level.name.lower() for level in LogLevel}


class Recorder:
    """Writes one plugin's history. ``redact`` is replaced when its secrets change."""

    def __init__(
        self,
        journal: Journal,
        plugin_id: str,
        errors: int,
        last: str | None,
        *,
        quota: WriteQuota,
        tally: Tally | None = None,
    ) -> None:
        """``errors`` and ``last``: the count and the text that are on record."""
        self.quota = quota
        self.call_quota = WriteQuota(quota.limits)
        """Of what people ask for: beyond it less is kept, and the plugin goes on."""
        self._journal = journal
        self._plugin_id = plugin_id
        self.redact = Redactor()
        self.delivered = 0
        self.errors = errors
        self.last_error = last
        self.tally = tally or Tally()
        self._lately: deque[str] = deque(maxlen=_REMEMBERED)
        self._dropped: deque[float] = deque(maxlen=_MOST_DROPPED)
        self._listed: deque[float] = deque(maxlen=MOST_LISTED)
        self._is_cut = False
        """Whether lines of calls are being left out."""

    @property
    def latest_errors(self) -> Sequence[str]:
        """One line for each kind of error that came lately, newest first, and how often it came."""
        counted = Counter(reversed(self._lately))
        lines = [f"{line} ({n} times)" if n > 1 else line for line, n in counted.items()]
        return lines[:_DIFFERENT]

    async def room(self) -> None:
        """Wait while too much of what was recorded is not yet written."""
        await self._journal.room()

    def new_delivery(self) -> int:
        """Return the id that the next delivery will have in the log."""
        return self._journal.new_delivery()

    def delivery(
        self,
        work: AnyWork,
        delivery: Delivery,
        outcome: Outcome,
        error: str,
        *,
        duration_s: float,
        memory: int | None,
        settled: int | None,
    ) -> None:
        """Record how one delivery went; every event up to ``settled`` has a result now.

        None for one that an admin asked for: it says nothing of the others.
        """
        event = delivery.event
        calls = _calls_json(work.host_calls) if work.host_calls else None
        self.quota.stored(len(calls or ""))
        text = None
        self.tally.delivery(outcome.value, duration_s)
        if outcome is Outcome.OK:
            self.delivered += 1
        else:
            text = self.failure(f"{event.type}: {outcome}", error, event.id)
        self._journal.delivery(
            DeliveryRow(
                plugin_id=self._plugin_id,
                event_seq=event.seq,
                event_id=event.id,
                event=event.type,
                ticket_id=event.ticket_id,
                outcome=outcome.value,
                error=text,
                started_at=int((time.time() - duration_s) * 1000),
                duration_us=int(duration_s * 1e6),
                memory_bytes=memory,
                host_calls=calls,
                redelivered=delivery.redelivered,
                id=work.number or None,
            ),
            settled,
            delivery.entry,
        )

    def call(
        self,
        work: AnyWork,
        request: CallRequest,
        outcome: str,
        error: str | None,
        *,
        duration_s: float = 0.0,
        memory: int | None = None,
    ) -> None:
        """Record how one call of a function went."""
        self.tally.delivery(outcome, duration_s)
        text = None
        is_often = outcome == Outcome.OK and request.occasion.kind in _OFTEN
        if is_often and not _another(self._listed):
            return
        if outcome != Outcome.OK:
            text = self.failure(f"{_what(request)}: {outcome}", error or "", work.event_id, work)
        self._add_call(work, request, outcome, text, duration_s=duration_s, memory=memory)

    def dropped_call(self, request: CallRequest, outcome: str, error: str) -> None:
        """Record a call that was never made. Of many in a row, the first ones are listed."""
        self.tally.delivery(outcome, 0.0)
        if not _another(self._dropped):
            return
        work = function_work(request, self.new_delivery())
        text = clean_text(self.redact(error), _MAX_ERROR)
        self._add_call(work, request, outcome, text)

    def _add_call(
        self,
        work: AnyWork,
        request: CallRequest,
        outcome: str,
        error: str | None,
        *,
        duration_s: float = 0.0,
        memory: int | None = None,
    ) -> None:
        calls = _calls_json(work.host_calls) if work.host_calls else None
        arguments = shown_arguments(request.arguments, self.redact)
        if not self.call_quota.fits(len(calls or "") + len(arguments or "")):
            calls = arguments = None
        self._journal.delivery(
            DeliveryRow(
                plugin_id=self._plugin_id,
                event_seq=0,
                event_id=work.event_id or "",
                event=clean_text(request.occasion.name or request.function, _MAX_VALUE),
                ticket_id="",
                outcome=outcome,
                error=error,
                started_at=int((time.time() - duration_s) * 1000),
                duration_us=int(duration_s * 1e6),
                memory_bytes=memory,
                host_calls=calls,
                redelivered=False,
                id=work.number or None,
                kind=request.occasion.kind.value,
                function=clean_text(request.function, _MAX_VALUE),
                arguments=arguments,
                person=request.behalf.person,
            ),
            None,
        )

    def change(self, size: int, work: AnyWork) -> str | None:
        """Note a change to a ticket; return why it must not be made, None where it may.

        A plugin that makes too many of its own accord is disabled; what people ask for is refused
        instead, as it is not the plugin that decides how often they do.
        """
        if isinstance(work.key, CallRequest):
            if self.call_quota.fits(size, changes=1):
                return None
            return "the plugin's calls made too many changes within a minute"
        return self.quota.change(size)

    def failure(
        self, what: str, error: str, event_id: str | None, work: AnyWork | None = None
    ) -> str:
        """Count an error and log it; return the text as it is kept."""
        text = clean_text(self.redact(error), _MAX_ERROR)
        self.errors += 1
        self.tally.errors += 1
        self.last_error = f"{what}: {text}" if text else what
        self._lately.append(self.last_error.partition("\n")[0][:_MAX_LINE])
        self._journal.error(self._plugin_id, self.last_error)
        self._line("error", self.last_error, event_id, work)
        return text

    def log(self, level: LogLevel, text: str, work: AnyWork | None) -> None:
        """Record a line that the guest, or the host on its behalf, logged."""
        event_id = work.event_id if work else None
        self._line(_LEVELS[level], text, event_id, work)

    def note(self, level: LogLevel, text: str) -> None:
        """Record a line about the plugin's process."""
        self._line(_LEVELS[level], text, None)

    def _line(
        self, level: str, text: str, event_id: str | None, work: AnyWork | None = None
    ) -> None:
        message = clean_text(self.redact(text), _MAX_ERROR)
        if work is not None and isinstance(work.key, CallRequest):
            if not self.call_quota.fits(len(message)):
                if self._is_cut:
                    return
                message, level = "more is logged by calls than is kept in a minute", "warn"
                self._is_cut = True
            else:
                self._is_cut = False
        else:
            self.quota.stored(len(message))
        self._journal.line(
            LogRow(self._plugin_id, int(time.time() * 1000), level, message, event_id)
        )


def _another(times: deque[float]) -> bool:
    """Tell whether one more may be listed: at most ``times.maxlen`` within the window."""
    now = time.monotonic()
    if len(times) == times.maxlen and now - times[0] < _WINDOW_S:
        return False
    times.append(now)
    return True


def _what(request: CallRequest) -> str:
    """Return a call as log lines name it."""
    kind, name = request.occasion.kind, request.occasion.name
    return f"{kind} {name} ({request.function})" if name else request.function


def _calls_json(records: Sequence[HostCallRecord]) -> str:
    rows = []
    for record in records:
        row = record.row()
        row["request"] = {
            name: _short(value, _MAX_URL if name == "url" else _MAX_VALUE)
            for name, value in row["request"].items()
        }
        rows.append(row)
    return msgspec.json.encode(rows).decode()


def _short(value: object, limit: int) -> object:
    if isinstance(value, str) and len(value) > limit:
        return value[:limit] + "…"
    return value


def config_member(config: object) -> bytes:
    """Return ``,"config":{…}``, ready to be spliced in before an event's closing brace."""
    return b',"config":' + json.dumps(config, ensure_ascii=False).encode()
