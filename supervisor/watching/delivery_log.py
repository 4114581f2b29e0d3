"""The delivery log as admins see it: pages of it, one delivery with its event, redelivering.

What a plugin was given is put together again from the outbox and from its configuration *as it is
now*, since neither is copied into the log; the values of secrets are never put in, and those that
stand in the event itself are redacted. Must not know how deliveries are made or written.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import trio

from supervisor.delivery.journal import Journal
from supervisor.delivery.runners import Runners
from supervisor.delivery.work import may_have
from supervisor.errors import CannotRedeliver, DeliveryNotFound, NotRunning
from supervisor.manifest import effective_config
from supervisor.plugins.audit import REDELIVERED
from supervisor.plugins.limits import LimitsInForce
from supervisor.plugins.registry import PluginRegistry
from supervisor.ports import AuditLog, Outbox, OutboxEvent
from supervisor.secrets.redaction import Redactor
from supervisor.states import DeliveryKind
from supervisor.store.deliveries import FoundDelivery
from supervisor.store.plugin_store import PluginStore
from supervisor.store.plugins import PluginRow
from supervisor.store.redeliveries import Entry
from supervisor.views import ANY_DELIVERY, DeliveryDetail, DeliveryFilter, DeliveryView
from supervisor.watching.delivery_document import DeliveryDocument, make_document

PAYLOAD_SHOWN = 64 << 10
"""Characters of an event that are shown."""
LINES_SHOWN = 500
MOST_AT_ONCE = 1_000
"""Deliveries that one request may make again."""
SECRET = "(secret)"  # noqa: S105 - what stands in the place of one
_EVENTS_ON_RECORD = 20
_NEWEST = (1 << 63) - 1


class DeliveryLog:
    """See the module."""

    def __init__(
        self,
        installed: PluginRegistry,
        runners: Runners,
        journal: Journal,
        *,
        store: PluginStore,
        outbox: Outbox,
        audit: AuditLog,
        limits: LimitsInForce,
    ) -> None:
        self._installed = installed
        self._runners = runners
        self._journal = journal
        self._store = store
        self._outbox = outbox
        self._audit = audit
        self._limits = limits

    async def page(
        self,
        plugin_id: str,
        *,
        wanted: DeliveryFilter = ANY_DELIVERY,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries that are wanted, or those before the id ``before``."""
        self._installed.row(plugin_id)
        await self._journal.flush()
        below = _number(before) or _NEWEST
        return await self._store.recorded.deliveries(plugin_id, wanted, limit=limit, before=below)

    async def detail(self, plugin_id: str, delivery_id: str) -> DeliveryDetail:
        """Return one delivery with what was given and logged; raises DeliveryNotFound."""
        row = self._installed.row(plugin_id)
        found = await self._find(plugin_id, delivery_id)
        event = await self._event(found)
        lines = await self._store.recorded.lines_of_delivery(plugin_id, found, LINES_SHOWN)
        return DeliveryDetail(
            delivery=found.view,
            payload=self._shown(row, event) if event else self._arguments(row, found),
            can_redeliver=event is not None
            and row.enabled
            and may_have(event, row.id, row.subscriptions),
            logs=tuple(lines),
        )

    async def document(self, plugin_id: str, delivery_id: str) -> DeliveryDocument:
        """Return one delivery for the plugin's author; raises DeliveryNotFound."""
        row = self._installed.row(plugin_id)
        found = await self._find(plugin_id, delivery_id)
        event = await self._event(found)
        lines = await self._store.recorded.lines_of_delivery(plugin_id, found, LINES_SHOWN)
        given = self._given(row, event) if event else None
        arguments = self._arguments(row, found)
        return make_document(
            row, found.view, given, lines, self._limits.of(row.limits), arguments=arguments
        )

    async def redeliver(self, plugin_id: str, delivery_ids: Sequence[str], *, actor: str) -> int:
        """Queue the events of deliveries once more; return how many did not wait already.

        All or none of them: raises DeliveryNotFound, NotRunning, or CannotRedeliver.
        """
        async with self._installed.lock(plugin_id):
            row = self._installed.row(plugin_id)
            self._check_runs(row)
            wanted = dict.fromkeys(delivery_ids)
            if len(wanted) > MOST_AT_ONCE:
                raise CannotRedeliver(plugin_id, f"more than {MOST_AT_ONCE:,} deliveries at once")
            numbers = [await self._check_again(row, delivery_id) for delivery_id in wanted]
            record = self._audit.stamp(actor, REDELIVERED, plugin_id)

            # Whoever asked may be gone by now: what is queued on disk is queued here too.
            with trio.CancelScope(shield=True):
                entries = await self._store.running.queue_again(
                    plugin_id, numbers, actor, record=record, changes=_queued
                )
                if (runner := self._runners.get(plugin_id)) is not None:
                    runner.deliver_again(entries)
            return len(entries)

    def _check_runs(self, row: PluginRow) -> None:
        if not row.enabled:
            raise NotRunning(row.id, "it is disabled; enable it, then redeliver")
        if self._runners.active and self._runners.get(row.id) is None:
            why = self._runners.obstacle(row.id) or "it is being disabled"
            raise NotRunning(row.id, why)

    async def _check_again(self, row: PluginRow, delivery_id: str) -> int:
        """Return the number of a delivery that can be redelivered."""
        found = await self._find(row.id, delivery_id)
        if found.view.kind is not DeliveryKind.EVENT:
            why = f"delivery {delivery_id} is a call; only events can be redelivered"
            raise CannotRedeliver(row.id, why)
        event = await self._event(found)
        if event is None:
            raise CannotRedeliver(row.id, f"the event of delivery {delivery_id} has been deleted")
        if not may_have(event, row.id, row.subscriptions):
            why = f"the plugin does not receive {event.type}, the event of delivery {delivery_id}"
            raise CannotRedeliver(row.id, why)
        return int(found.view.id)

    async def _event(self, found: FoundDelivery) -> OutboxEvent | None:
        """Return the event of a delivery; None where it has been deleted, and for a call."""
        if found.view.kind is not DeliveryKind.EVENT:
            return None
        return await self._outbox.read_one(found.event_seq)

    def _arguments(self, row: PluginRow, found: FoundDelivery) -> str | None:
        """Return the arguments of a call, indented; None where there were none."""
        if found.given is None:
            return None
        # Once more: what has become a secret since is none of a reader's business either.
        return self._redactor(row)(
            json.dumps(json.loads(found.given), indent=2, ensure_ascii=False)
        )

    async def _find(self, plugin_id: str, delivery_id: str) -> FoundDelivery:
        await self._journal.flush()
        number = _number(delivery_id)
        if number is not None:
            found = await self._store.recorded.delivery(plugin_id, number)
            if found is not None:
                return found
        raise DeliveryNotFound(plugin_id, delivery_id)

    def _shown(self, row: PluginRow, event: OutboxEvent) -> str:
        """Return an event as indented JSON, without secrets, and bounded."""
        text = json.dumps(self._given(row, event), indent=2, ensure_ascii=False)
        # Once more as a whole: what is no string may hold one too.
        text = self._redactor(row)(text)
        return text if len(text) <= PAYLOAD_SHOWN else f"{text[:PAYLOAD_SHOWN]}…"

    def _given(self, row: PluginRow, event: OutboxEvent) -> dict[str, Any]:
        """Return an event as the plugin is given it, with its config and without secrets."""
        config = effective_config(row.manifest, self._installed.config(row.id).values)
        schema = row.manifest.config_schema
        shown = {name: SECRET if schema[name].secret else v for name, v in config.items()}
        given = {**json.loads(event.body), "config": shown}
        clean: dict[str, Any] = _clean(given, self._redactor(row))
        return clean

    def _redactor(self, row: PluginRow) -> Redactor:
        runner = self._runners.get(row.id)
        if runner is not None:
            return runner.recorder.redact  # which also knows the secrets of earlier today
        values = self._installed.config(row.id).values
        schema = row.manifest.config_schema
        return Redactor(str(value) for name, value in values.items() if schema[name].secret)


def _number(delivery_id: str | None) -> int | None:
    """Return an id as it is kept, None where it cannot be one."""
    if delivery_id is None or not (delivery_id.isascii() and delivery_id.isdecimal()):
        return None
    return int(delivery_id) if len(delivery_id) <= 18 else None


def _clean(value: Any, redact: Redactor) -> Any:
    """Return JSON with the secrets redacted of its strings and keys."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): _clean(inner, redact) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner, redact) for inner in value]
    return value


def _queued(entries: Sequence[Entry]) -> Mapping[str, object]:
    """Return what the audit log says of events that are delivered again."""
    shown = [entry.id for entry in entries[:_EVENTS_ON_RECORD]]
    return {"deliveries": len(entries), "events": shown}
