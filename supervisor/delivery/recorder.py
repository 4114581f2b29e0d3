"""Turns what a child says of its guest into rows, counts and log lines: redacted and bounded."""

import json
import time
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from sandbox_child.wire.messages import LogLevel
from supervisor.delivery.journal import Journal
from supervisor.delivery.tally import Tally
from supervisor.delivery.work import Delivery
from supervisor.delivery.write_quota import WriteQuota
from supervisor.process.conversation import AnyWork
from supervisor.secrets.redaction import Redactor
from supervisor.states import Outcome
from supervisor.store.deliveries import DeliveryRow
from supervisor.store.plugin_log import LogRow
from supervisor.text import clean_text
from supervisor.views import HostCallRecord

_MAX_ERROR = 16_000
_MAX_VALUE = 200
_MAX_URL = 2_000
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
        self._journal = journal
        self._plugin_id = plugin_id
        self.redact = Redactor()
        self.delivered = 0
        self.errors = errors
        self.last_error = last
        self.tally = tally or Tally()
        self._lately: deque[str] = deque(maxlen=_REMEMBERED)

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

    def failure(self, what: str, error: str, event_id: str | None) -> str:
        """Count an error and log it; return the text as it is kept."""
        text = clean_text(self.redact(error), _MAX_ERROR)
        self.errors += 1
        self.tally.errors += 1
        self.last_error = f"{what}: {text}" if text else what
        self._lately.append(self.last_error.partition("\n")[0][:_MAX_LINE])
        self._journal.error(self._plugin_id, self.last_error)
        self._line("error", self.last_error, event_id)
        return text

    def log(self, level: LogLevel, text: str, work: AnyWork | None) -> None:
        """Record a line that the guest, or the host on its behalf, logged."""
        event_id = work.event_id if work else None
        self._line(_LEVELS[level], text, event_id)

    def note(self, level: LogLevel, text: str) -> None:
        """Record a line about the plugin's process."""
        self._line(_LEVELS[level], text, None)

    def _line(self, level: str, text: str, event_id: str | None) -> None:
        message = clean_text(self.redact(text), _MAX_ERROR)
        self.quota.stored(len(message))
        self._journal.line(
            LogRow(self._plugin_id, int(time.time() * 1000), level, message, event_id)
        )


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
