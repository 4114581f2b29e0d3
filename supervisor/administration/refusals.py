"""Calls to the host that were refused for want of a permission, with the permission each wanted.

Read from the plugin's own log, where the host has written the reason, so they outlast the server.
"""

import re
from collections.abc import Sequence

from supervisor.contracts import GoatkitDescription
from supervisor.delivery.journal import Journal
from supervisor.delivery.offers import permissions_of
from supervisor.plugins.registry import PluginRegistry
from supervisor.registration import GrantError, ask, covers, parse_grant
from supervisor.store.recorded import RecordStore
from supervisor.text import timestamp
from supervisor.views import RefusedCall

MOST = 50
_REASON = re.compile(r"([a-z_]{1,60}): .*\bgrant (\S{1,2000}) to allow it", re.ASCII | re.DOTALL)


class Refusals:
    """See the module."""

    def __init__(self, installed: PluginRegistry, journal: Journal, store: RecordStore) -> None:
        self._installed = installed
        self._journal = journal
        self._store = store

    async def of(self, plugin_id: str) -> Sequence[RefusedCall]:
        """Return what is refused as things stand, the newest first; raises PluginNotFound."""
        row = self._installed.row(plugin_id)
        if not isinstance(row.description, GoatkitDescription):
            return ()
        await self._journal.flush()
        granted = permissions_of(row)
        found: dict[str, RefusedCall] = {}
        for message, count, at in await self._store.refusals(plugin_id):
            reason = _REASON.fullmatch(message)
            if reason is None:
                continue
            try:
                wanted = parse_grant(reason[2])
            except GrantError:
                continue
            if covers(granted, wanted):
                continue
            said, before = ask(wanted), found.get(wanted.text)
            found[wanted.text] = RefusedCall(
                functions=tuple(sorted({reason[1], *(before.functions if before else ())})),
                token=wanted.text,
                sentence=said.sentence,
                warning=said.warning,
                count=count + (before.count if before else 0),
                at=before.at if before else timestamp(at),
            )
        return tuple(found.values())[:MOST]
