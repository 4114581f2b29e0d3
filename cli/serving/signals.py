"""Signals from the operator to a running server.

=====================  ==========================================================================
``SIGTERM, SIGINT``    finish what is in flight within its deadline, keep the rest queued, end
``SIGHUP``             read config.toml again
=====================  ==========================================================================

They are listened to from the first moment to the last: one that comes while the server starts is
not lost, and one that comes twice does not break off what the first has begun. A server that must
end at once gets SIGKILL, which loses nothing either.
"""

import signal

import structlog
import trio

from cli.serving.notify import Notifier
from cli.serving.reload import Reloader

SERVING = "Serving"

log = structlog.get_logger("ohd")


class Operator:
    """Owned by the server's outermost nursery, which runs :meth:`listen`."""

    def __init__(self, manager: Notifier) -> None:
        self.stop = trio.Event()
        """Set once the server is to end."""
        self._manager = manager
        self._reloader: Reloader | None = None

    async def serving(self, reloader: Reloader) -> None:
        """The server answers requests, and can take over settings from now on."""
        self._reloader = reloader
        await self._manager.ready(SERVING)

    async def listen(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Do what signals ask for, until cancelled."""
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        with trio.open_signal_receiver(*wanted) as signals:
            task_status.started()
            async for number in signals:
                if number == signal.SIGHUP:
                    await self._reload()
                elif not self.stop.is_set():
                    log.info("stopping", signal=signal.Signals(number).name)
                    self.stop.set()
                    await self._manager.stopping()

    async def _reload(self) -> None:
        if self._reloader is None or self.stop.is_set():
            return
        await self._manager.reloading()
        usable = await self._reloader.reload()
        await self._manager.ready(SERVING if usable else "Serving; the settings file is unusable")
