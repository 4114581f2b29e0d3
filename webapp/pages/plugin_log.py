"""Admin, plugins: what they logged, of one or of all, with a live tail.

The tail is server-sent events, ``event: lines`` with the rows' markup and the id of the newest.
"""

from collections.abc import Sequence
from typing import Any

import trio
from quart import Response, request

from helpdesk.accounts import User
from supervisor.errors import PluginNotFound
from supervisor.views import LogLine
from webapp.context import AppContext, app_context
from webapp.http.event_streams import Watch, event_bytes, stream_response
from webapp.http.page import page
from webapp.pages.asked import one_of
from webapp.pages.plugin_frame import show
from webapp.rendering.templating import macros
from webapp.routes import Access, Section, facts
from webapp.visitors.languages import reader_language

blueprint = Section("plugin_log", __name__, Access.ADMIN)

LINES = 150
"""Lines of a page as it is loaded, and of one event of the tail."""
PAUSE_S = 0.25
"""Lines within this time of each other are sent together."""
LEVELS = ("debug", "info", "warn", "error")


@blueprint.get("/admin/plugins/log")
async def every_log() -> Response:
    """Show what all plugins logged."""
    lines = await app_context().supervisor.logs.read(level=_level(), limit=LINES)
    return page("log.html", **_shown(lines), plugin_id=None)


@blueprint.get("/admin/plugins/<plugin_id>/log")
async def one_log(plugin_id: str) -> Response:
    """Show what one plugin logged."""
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    lines = await app_context().supervisor.logs.read(plugin_id, level=_level(), limit=LINES)
    return show("plugin_log.html", plugin, "log", **_shown(lines), plugin_id=plugin_id)


def _shown(lines: Sequence[LogLine]) -> dict[str, Any]:
    return {
        "lines": lines,
        "level": _level(),
        "levels": LEVELS,
        "newest": max((line.id for line in lines), default=0),
    }


def _level() -> str | None:
    return one_of("level", LEVELS)


@blueprint.get("/admin/plugins/log/live")
@facts(json=True)
async def live() -> Response:
    """Open a tail: of one plugin with ``?plugin=``, of more severe lines with ``?level=``."""
    plugin_id, level = request.args.get("plugin") or None, _level()
    if plugin_id is not None:
        await app_context().supervisor.overview.plugin(plugin_id)
    given = request.args.get("after", "")
    after = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
    return stream_response(
        lambda here, person, shown: _Tail(here, person, shown, (plugin_id, level, after))
    )


class _Tail(Watch):
    """Follows the log behind an id."""

    def __init__(
        self,
        here: AppContext,
        person: User,
        credential: str,
        asked: tuple[str | None, str | None, int],
    ) -> None:
        super().__init__(here, person, credential)
        self._plugin_id, self._level, self._after = asked
        self._language = reader_language()

    async def ask(self) -> bytes:
        """Wait for lines that fit; those that do not are passed over."""
        await trio.sleep(PAUSE_S)
        try:
            while True:
                found = await self._next()
                if found:
                    return self._told(found)
        except PluginNotFound:
            self.seat.end()
            return b""

    async def _next(self) -> Sequence[LogLine]:
        plugins = self.here.supervisor
        await plugins.logs.wait(self._plugin_id, self._after)
        every = await plugins.logs.read(self._plugin_id, after=self._after, limit=LINES)
        if every:
            self._after = max(line.id for line in every)
        wanted = LEVELS[LEVELS.index(self._level) :] if self._level else LEVELS
        return [line for line in every if line.level in wanted]

    def _told(self, found: Sequence[LogLine]) -> bytes:
        line = macros("log_lines.html", self._language).line
        html = "".join(str(line(one, self._plugin_id is None)) for one in found)
        return event_bytes("lines", {"html": html, "newest": self._after})
