"""``GET /admin/plugins/live``: the process table as it changes, once a second.

Server-sent events for admins, of one plugin with ``?plugin=``::

    event: cells    data: {"org.example.a": {"cpu": {"sort": "3.100", "html": "3.1 %"}}}
    event: rows     data: ["org.example.a"]            another set of plugins is installed

The first event has every cell, those behind it what has changed. ``streams`` tells when it ends.
"""

from collections.abc import Mapping

from quart import Response, request

from helpdesk.accounts import User
from webapp.context import AppContext
from webapp.http.event_streams import Watch, event_bytes, stream_response
from webapp.live.process_watch import changed_cells
from webapp.rendering.process_table import Cells
from webapp.routes import Access, Section, facts
from webapp.visitors.languages import reader_language

blueprint = Section("process_stream", __name__, Access.ADMIN)


@blueprint.get("/admin/plugins/live")
@facts(json=True)
async def live() -> Response:
    """Open a stream for the admin."""
    plugin_id = request.args.get("plugin") or None
    return stream_response(lambda here, person, shown: _Processes(here, person, shown, plugin_id))


class _Processes(Watch):
    """Follows the shared samples."""

    def __init__(
        self, here: AppContext, person: User, credential: str, plugin_id: str | None
    ) -> None:
        super().__init__(here, person, credential)
        self._plugin_id = plugin_id
        self._language = reader_language()
        self._seen = 0
        self._shown: Mapping[str, Cells] = {}

    async def ask(self) -> bytes:
        """Wait for the next sample in which something has changed."""
        told = b""
        while not told:
            sample = await self.here.watch.after(self._seen)
            rows = {
                plugin_id: row
                for plugin_id, row in sample.in_language(self._language).items()
                if self._plugin_id in (None, plugin_id)
            }
            told = self._changes(rows, first=self._seen == 0)
            self._seen, self._shown = sample.number, rows
        return told

    def _changes(self, rows: Mapping[str, Cells], *, first: bool) -> bytes:
        told = b""
        if first or rows.keys() != self._shown.keys():
            told += event_bytes("rows", sorted(rows))
        if changed := changed_cells(self._shown, rows):
            told += event_bytes("cells", changed)
        return told
