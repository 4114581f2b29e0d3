"""Deletes what is older than the settings keep: events, deliveries, log lines, the egress log.

It stands in the composition root because it needs both halves: the help desk owns the outbox and
the settings, the supervisor knows how far every plugin has come. A pass is safe to repeat and to
interrupt.
"""

from datetime import datetime, timedelta

import structlog
import trio

from helpdesk.errors import StorageError
from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from supervisor.watching.retention import Kept, prune_records, settled_everywhere

PASS_EVERY_S = 600.0

log = structlog.get_logger("ohd.retention")


async def run(helpdesk: HelpDesk, *, every_s: float = PASS_EVERY_S) -> None:
    """Do a pass now and then one every ``every_s`` seconds, until cancelled."""
    while True:
        try:
            pruned = await prune(helpdesk)
            if any(pruned.values()):
                log.info("old_records_deleted", **pruned)
        except StorageError as exc:
            # A full disk heals; the next pass finds the same rows.
            log.error("old_records_not_deleted", error=str(exc))
        await trio.sleep(every_s)


async def prune(helpdesk: HelpDesk) -> dict[str, int]:
    """Delete what is too old now; return how many rows of each kind."""
    now, settings = helpdesk.clock.now(), await helpdesk.settings.all()
    pruned = await prune_records(helpdesk.database, _kept(now, settings))
    settled = await settled_everywhere(helpdesk.database)
    upto = await helpdesk.outbox.last_seq() if settled is None else settled
    oldest = now - timedelta(days=settings.keep_events_days)
    return pruned | {"events": await helpdesk.outbox.prune(before_seq=upto + 1, older_than=oldest)}


def _kept(now: datetime, settings: SettingValues) -> Kept:
    return Kept(
        deliveries=now - timedelta(days=settings.keep_deliveries_days),
        plugin_logs=now - timedelta(days=settings.keep_logs_days),
        egress_ledger=now - timedelta(days=settings.keep_egress_days),
    )
