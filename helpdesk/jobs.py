"""Scheduled jobs: close tickets resolved long enough ago, and delete old sessions.

Owns when these happen. Each pass is safe to repeat and to interrupt. Must not know of the outbox's
readers: pruning events is for whoever knows how far they have come.
"""

import logging
import sqlite3
from datetime import datetime, timedelta

import trio

from helpdesk import drafts, once
from helpdesk.access import Viewer
from helpdesk.actors import SYSTEM
from helpdesk.clock import rfc3339
from helpdesk.errors import StorageError
from helpdesk.mail import outgoing
from helpdesk.service import HelpDesk
from helpdesk.tickets import status
from helpdesk.tickets.change import Change

PASS_EVERY_S = 300.0
CHUNK = 100
"""Tickets closed in one transaction: a long pass must not hold up the writer."""

_log = logging.getLogger(__name__)


async def run(helpdesk: HelpDesk, *, every_s: float = PASS_EVERY_S) -> None:
    """Do a pass now and then one every ``every_s`` seconds, until cancelled."""
    while True:
        try:
            await close_expired(helpdesk, helpdesk.clock.now())
            await helpdesk.sessions.purge_expired()
            await helpdesk.sessions.write_uses()
            await helpdesk.api_keys.write_uses()
            await helpdesk.database.write(helpdesk.factors.purge())
            await helpdesk.sign_ups.forget_old()
            await helpdesk.files.forget_unfinished()
            await helpdesk.intake.prune()
            await helpdesk.database.write(lambda c: outgoing.prune(c, helpdesk.clock.now()))
            await helpdesk.database.write(lambda c: once.purge(c, helpdesk.clock.now()))
            await helpdesk.database.write(lambda c: drafts.purge(c, helpdesk.clock.now()))
        except StorageError:
            # A full disk heals; the next pass finds the same tickets.
            _log.exception("scheduled jobs did not finish")
        await trio.sleep(every_s)


async def close_expired(helpdesk: HelpDesk, now: datetime) -> int:
    """Close every ticket whose reopen window has passed at ``now``; return how many."""

    def job(connection: sqlite3.Connection) -> int:
        change = Change(connection, Viewer(SYSTEM), now, helpdesk.settings.values(connection))
        expired = _expired(change)
        for ticket_id in expired:
            status.close(change, ticket_id)
        return len(expired)

    total = 0
    while count := await helpdesk.database.write(job):
        total += count
    return total


def _expired(change: Change) -> list[str]:
    resolved_by = change.now - timedelta(days=change.settings.reopen_window_days)
    found = change.connection.execute(
        "SELECT id FROM tickets WHERE status = 'Resolved' AND resolved_at <= ?"
        " ORDER BY resolved_at LIMIT ?",
        (rfc3339(resolved_by), CHUNK),
    )
    return [ticket_id for (ticket_id,) in found]
