"""The egress log's way into the journal, and what of it is counted."""

import time
from collections import Counter

from supervisor.calls.ledger import EgressAccount
from supervisor.delivery.journal import Journal
from supervisor.process.conversation import AnyWork
from supervisor.store.records import EgressRow


class JournalLedger:
    """Writes accounts of requests with everything else that the journal writes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.counts: Counter[tuple[str, str]] = Counter()
        """Requests since the start, by plugin and outcome."""

    def note(self, account: EgressAccount, work: AnyWork) -> None:
        """Keep an account; never waits."""
        self.counts[account.plugin_id, account.outcome.value] += 1
        self._journal.egress(
            EgressRow(
                at=int((time.time() - account.duration_s) * 1000),
                plugin_id=account.plugin_id,
                event_id=work.event_id,
                outcome=account.outcome.value,
                host=account.host,
                address=account.address,
                method=account.method,
                path=account.path,
                status=account.status,
                sent_bytes=account.sent_bytes,
                received_bytes=account.received_bytes,
                duration_us=int(account.duration_s * 1e6),
                detail=account.detail,
            )
        )
