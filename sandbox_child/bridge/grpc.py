"""This end of gRPC: the program calls the host on connections of its own, at a door.

Loaded by bridges over gRPC alone, as what it stands on takes memory.
"""

import ctypes
import os
import struct

from sandbox_child.bridge.ends import Ends
from sandbox_child.goplugin.grpc_host import GrpcHost
from sandbox_child.grpc.connection import Caps
from sandbox_child.lockdown.libc import check, libc
from sandbox_child.lockdown.policy import LISTENER
from sandbox_child.wire.spec import BridgeSpec

_NEW_SOCKET = 0x800 | 0x80000  # NONBLOCK, CLOEXEC
_SOL_SOCKET, _SO_PEERCRED = 1, 17
_PEER = struct.Struct("iII")


def grpc_ends(spec: BridgeSpec, largest: int) -> Ends:
    """``largest``: bytes that a message of the plugin may have."""
    side = GrpcHost(Caps(message=largest), spec.address, tls=bool(spec.certificate))
    return Ends(side, ProgramsDoor(spec.program))


class ProgramsDoor:
    """The listening socket, which is for one process."""

    def __init__(self, program: int) -> None:
        """``program``: its process id."""
        self._program = program

    def accept(self) -> int | None:
        """Return the descriptor of a new connection of the program's; None of another's."""
        descriptor: int = libc.accept4(LISTENER, None, None, _NEW_SOCKET)
        if descriptor < 0:
            return None
        if _peer(descriptor) != self._program:
            os.close(descriptor)
            return None
        return descriptor


def _peer(descriptor: int) -> int:
    """Return the process that has connected; the kernel says so, not the process."""
    found = ctypes.create_string_buffer(_PEER.size)
    size = ctypes.c_uint32(_PEER.size)
    result = libc.getsockopt(descriptor, _SOL_SOCKET, _SO_PEERCRED, found, ctypes.byref(size))
    check(result, "getsockopt")
    pid: int = _PEER.unpack(found.raw)[0]
    return pid
