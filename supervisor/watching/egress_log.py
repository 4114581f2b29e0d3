"""The egress log as admins read it: every request that a plugin made or was refused."""

from collections.abc import Sequence

from supervisor.delivery.journal import Journal
from supervisor.store.recorded import RecordStore
from supervisor.views import EgressEntry, EgressFilter


class EgressLog:
    """See the module."""

    def __init__(self, journal: Journal, store: RecordStore) -> None:
        self._journal = journal
        self._store = store

    async def page(
        self, wanted: EgressFilter, *, limit: int = 50, offset: int = 0
    ) -> tuple[Sequence[EgressEntry], int]:
        """Return matching requests, newest first, and how many match in all."""
        await self._journal.flush()
        return await self._store.requests(wanted, limit=limit, offset=offset)

    async def before(
        self, wanted: EgressFilter, *, before: int | None = None, limit: int = 1_000
    ) -> Sequence[EgressEntry]:
        """Return the newest matching requests below an id: the next piece of an export."""
        if before is None:
            await self._journal.flush()
        return await self._store.requests_before(wanted, before=before, limit=limit)
