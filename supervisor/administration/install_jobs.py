"""Installations that an admin began, and how far each has come.

An installation goes on when the browser that began it goes away, so each is a task of the
supervisor's, and whoever has its id can look. Kept in memory: one that a stop of the server cut off
has left nothing, and is not spoken of again.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog
import trio

from supervisor.administration.fetch import Fetched, Fetcher, shown_url
from supervisor.administration.installer import Installer
from supervisor.errors import InstallNotFound, ModuleRefused, SupervisorError, TooManyInstalls
from supervisor.states import InstallStep
from supervisor.store.plugins import PluginRow
from supervisor.views import InstallView, PluginView

MOST_AT_ONCE = 8
"""Each may hold a whole module in memory."""
KEPT = 50
"""Installations that are over and can still be looked at."""
_LOOK_AGAIN_S = 0.25
_ENDS = frozenset({InstallStep.DONE, InstallStep.REFUSED})

log = structlog.get_logger("supervisor.installs")


@dataclass(slots=True)
class _Install:
    id: str
    source: str
    began: float
    step: InstallStep
    fetched: Fetched = field(default_factory=Fetched)
    size: int | None = None
    """Bytes of the module, once they are all here."""
    plugin_id: str | None = None
    ended: float | None = None
    is_upgrade: bool = False
    error: str | None = None
    server_failed: bool = False
    moved: trio.Event = field(default_factory=trio.Event)

    def view(self) -> InstallView:
        return InstallView(
            id=self.id,
            source=self.source,
            step=self.step,
            received_bytes=self.fetched.received_bytes if self.size is None else self.size,
            total_bytes=self.fetched.total_bytes if self.size is None else self.size,
            seconds=(self.ended or trio.current_time()) - self.began,
            plugin_id=self.plugin_id,
            is_upgrade=self.is_upgrade,
            error=self.error,
            server_failed=self.server_failed,
        )

    def move(self, step: InstallStep, plugin_id: str | None) -> None:
        self.step, self.plugin_id = step, plugin_id or self.plugin_id
        self.moved.set()
        self.moved = trio.Event()


class InstallJobs:
    """See the module."""

    def __init__(
        self,
        nursery: trio.Nursery,
        installer: Installer,
        fetcher: Fetcher,
        most_bytes: Callable[[], int],
        view: Callable[[PluginRow], PluginView],
    ) -> None:
        """``most_bytes``: how large a module may be now."""
        self._nursery = nursery
        self._installer = installer
        self._view = view
        self._fetcher = fetcher
        self._most_bytes = most_bytes
        self._all: dict[str, _Install] = {}

    async def install(
        self, module: bytes, *, source: str, actor: str, signature: str = ""
    ) -> PluginView:
        """Check, compile and store a module; a new plugin is disabled.

        A module with the id of an installed plugin waits beside the active version until
        ``Versions.accept``. ``signature``: of a bare module, as its ``.sig`` file has it. Raises
        ModuleRefused with the reason, or AlreadyInstalled.
        """
        return self._view(
            await self._installer.install(module, source=source, actor=actor, signature=signature)
        )

    async def from_url(self, url: str, *, actor: str) -> PluginView:
        """Fetch a module and install it; raises FetchFailed and what :meth:`install` raises."""
        module = await self._fetcher.fetch(url, self._most_bytes(), Fetched())
        return await self.install(module, source=shown_url(url), actor=actor)

    async def start(
        self, *, module: bytes | None = None, url: str | None = None, source: str = "", actor: str
    ) -> InstallView:
        """Begin an installation of ``module``, or of what lies at ``url``; raises TooManyInstalls.

        It runs on by itself: see :meth:`status`.
        """
        if (module is None) == (url is None):
            msg = "an installation has a module or a URL"
            raise ValueError(msg)
        if sum(one.ended is None for one in self._all.values()) >= MOST_AT_ONCE:
            raise TooManyInstalls(MOST_AT_ONCE)
        self._forget_old()
        step = InstallStep.CHECKING if url is None else InstallStep.FETCHING
        shown = source if url is None else shown_url(url)
        one = _Install(secrets.token_urlsafe(12), shown, trio.current_time(), step)
        self._all[one.id] = one

        async def work() -> PluginRow:
            found = module
            if found is None:
                found = await self._fetcher.fetch(url or "", self._most_bytes(), one.fetched)
            one.size = len(found)
            return await self._installer.install(
                found, source=shown, actor=actor, progress=one.move
            )

        self._nursery.start_soon(self._run, one, work, name=f"install {one.id}")
        return one.view()

    def status(self, install_id: str) -> InstallView:
        """Return how far an installation has come; raises InstallNotFound."""
        return self._find(install_id).view()

    def all(self) -> Sequence[InstallView]:
        """Return the installations that are under way or over since a short while, newest first."""
        return [one.view() for one in reversed(self._all.values())]

    async def wait(self, install_id: str, *, seen: InstallView | None) -> InstallView:
        """Return how far it has come, once that is another than ``seen`` except the time.

        At once where it is over.
        """
        one = self._find(install_id)
        while True:
            view = one.view()
            if seen is None or view.step in _ENDS or replace(view, seconds=seen.seconds) != seen:
                return view
            # Bytes come without a word; everything else is told.
            with trio.move_on_after(_LOOK_AGAIN_S):
                await one.moved.wait()

    async def _run(self, one: _Install, work: Callable[[], Awaitable[PluginRow]]) -> None:
        try:
            row = await work()
        except ModuleRefused as exc:
            one.error = str(exc)
        except Exception as exc:
            one.error, one.server_failed = _what_failed(exc, one.source), True
        else:
            one.plugin_id = row.id
            one.is_upgrade = self._installer.waits(row.id)
        one.ended = trio.current_time()
        one.move(InstallStep.REFUSED if one.error else InstallStep.DONE, one.plugin_id)

    def _find(self, install_id: str) -> _Install:
        try:
            return self._all[install_id]
        except KeyError:
            raise InstallNotFound(install_id) from None

    def _forget_old(self) -> None:
        over = [one.id for one in self._all.values() if one.ended is not None]
        for install_id in over[: max(0, len(over) - KEPT + 1)]:
            del self._all[install_id]


def _what_failed(exc: Exception, source: str) -> str:
    """Return the sentence for an installation that failed although the module may be fine."""
    if isinstance(exc, SupervisorError):
        return str(exc)
    if isinstance(exc, OSError):
        log.error("install_not_saved", source=source, error=str(exc))
        return f"the server could not save the module: {exc.strerror}; fix this, then try again"
    log.error("install_broken", source=source, exc_info=exc)
    return "the server could not install the module; see its log, then try again"
