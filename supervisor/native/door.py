"""The door at which a program calls its host over gRPC: a listening socket in its private folder.

It is made before the program runs: nothing in the folder is anybody else's yet. Whoever connects is
looked at by the bridge, which takes the program alone.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from supervisor.native.identity import HostIdentity, make_identity

_NAME = "host"
_BACKLOG = 4


@dataclass(frozen=True, slots=True)
class Door:
    """Owns the socket. Use it as a context manager."""

    folder: str
    listener: socket.socket
    address: str
    """The socket's path, as the program sees it."""
    identity: HostIdentity | None
    """The host's certificate, where mutual TLS is offered."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.listener.close()

    @property
    def certificate(self) -> str:
        """Return the certificate for the program, PEM; empty without TLS."""
        return self.identity.certificate if self.identity else ""


def make_door(folder: str, *, offer_tls: bool) -> Door:
    """Make the socket in ``folder``, which is nobody else's yet; raises OSError. Blocks."""
    path = Path(folder) / _NAME
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.bind(os.fspath(path))
        # The folder is the program's alone, which may be a user of its own.
        path.chmod(0o666)
        listener.listen(_BACKLOG)
        identity = make_identity() if offer_tls else None
    except BaseException:
        listener.close()
        raise
    return Door(folder, listener, os.fspath(path), identity)
