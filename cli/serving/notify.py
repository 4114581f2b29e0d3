"""Tells the service manager how the server is: sd_notify(3), over the socket that it named.

Nothing happens where no manager listens. A message that cannot be sent is logged and no more: the
server's own work does not depend on who watches it.
"""

import os
import socket
import time
from collections.abc import MutableMapping

import structlog
import trio

log = structlog.get_logger("ohd.notify")

_SOCKET, _WATCHDOG_US, _WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class Notifier:
    """One service manager, or none."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        """``address``: a path, or ``@`` and a name of the abstract namespace.

        ``watchdog_s``: the manager ends a server that it has not heard of for so long.
        """
        self._address = address
        self.watchdog_s = watchdog_s

    @classmethod
    def from_environment(cls, environ: MutableMapping[str, str]) -> "Notifier":
        """Take the manager's words out of ``environ``, so that no child inherits them."""
        address = environ.pop(_SOCKET, None)
        microseconds = environ.pop(_WATCHDOG_US, "")
        addressee = environ.pop(_WATCHDOG_PID, "")
        meant = not addressee or addressee == str(os.getpid())
        watched = meant and microseconds.isascii() and microseconds.isdigit()
        return cls(address, int(microseconds) / 1e6 if watched and int(microseconds) else None)

    async def ready(self, status: str) -> None:
        """The server answers requests."""
        await self._send("READY=1", f"STATUS={status}")

    async def reloading(self) -> None:
        """The settings are being read again; :meth:`ready` ends it."""
        await self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    async def stopping(self) -> None:
        """The server finishes what is in flight, and ends."""
        await self._send("STOPPING=1", "STATUS=Finishing in-flight work")

    async def keep_alive(self) -> None:
        """Say twice in each period that the event loop turns, until cancelled."""
        while self.watchdog_s is not None:
            await self._send("WATCHDOG=1")
            await trio.sleep(self.watchdog_s / 2)

    async def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        # A name with @ is one of the abstract namespace, which begins with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        message = "\n".join(line.replace("\n", " ") for line in lines).encode()
        try:
            with trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                await sender.sendto(message, address)
        except OSError as exc:
            log.warning("service_manager_not_told", message=lines[0], error=str(exc))
