"""The delivery log as admins see it: pages of it, one delivery with its event, redelivering.

What a plugin was given is put together again from the outbox and from its configuration *as it is
now*, since neither is copied into the log; the values of secrets are never put in, and those that
stand in the event itself are taken out. Must not know how deliveries are made or written.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from supervisor.delivery.journal import Journal
from supervisor.errors import DeliveryNotFound
from supervisor.installed import Installed
from supervisor.manifest import effective_config
from supervisor.ports import Database, Outbox, OutboxEvent
from supervisor.redaction import Redactor
from supervisor.runners import Runners
from supervisor.store.delivery_log import FoundDelivery, find_deliveries, find_delivery
from supervisor.store.plugin_log import lines_of_delivery
from supervisor.store.plugins import PluginRow
from supervisor.views import DeliveryDetail, DeliveryFilter, DeliveryView

PAYLOAD_SHOWN = 64 << 10
"""Characters of an event that are shown."""
LINES_SHOWN = 500
SECRET = "(secret)"  # noqa: S105 - what stands in the place of one
_NEWEST = (1 << 63) - 1


class DeliveryLog:
    """See the module."""

    def __init__(
        self,
        installed: Installed,
        runners: Runners,
        journal: Journal,
        *,
        database: Database,
        outbox: Outbox,
    ) -> None:
        self._installed = installed
        self._runners = runners
        self._journal = journal
        self._database = database
        self._outbox = outbox

    async def page(
        self, plugin_id: str, wanted: DeliveryFilter, *, limit: int, before: str | None
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries that are wanted, or those before the id ``before``."""
        self._installed.row(plugin_id)
        await self._journal.flush()
        below = _number(before) or _NEWEST
        return await self._database.read(
            lambda db: find_deliveries(db, plugin_id, wanted, limit=limit, before=below)
        )

    async def detail(self, plugin_id: str, delivery_id: str) -> DeliveryDetail:
        """Return one delivery with what was given and logged; raises DeliveryNotFound."""
        row = self._installed.row(plugin_id)
        found = await self._find(plugin_id, delivery_id)
        event = await self._outbox.read_one(found.event_seq)
        lines = await self._database.read(
            lambda db: lines_of_delivery(db, plugin_id, found, LINES_SHOWN)
        )
        return DeliveryDetail(
            delivery=found.view,
            payload=self._shown(row, event) if event else None,
            can_redeliver=event is not None and row.enabled,
            logs=tuple(lines),
        )

    async def _find(self, plugin_id: str, delivery_id: str) -> FoundDelivery:
        await self._journal.flush()
        number = _number(delivery_id)
        if number is not None:
            find = partial(find_delivery, plugin_id=plugin_id, delivery_id=number)
            if (found := await self._database.read(find)) is not None:
                return found
        raise DeliveryNotFound(plugin_id, delivery_id)

    def _shown(self, row: PluginRow, event: OutboxEvent) -> str:
        """Return an event as indented JSON, without secrets, and bounded."""
        text = json.dumps(self._given(row, event), indent=2, ensure_ascii=False)
        # Once more as a whole: what is no string may hold one as well.
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
    """Return JSON with the secrets taken out of its strings and keys."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): _clean(inner, redact) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner, redact) for inner in value]
    return value
