"""The process around a guest, as the functions that it imports need it."""

import os
from typing import Protocol

from sandbox_child.runtime.errors import BadGuestValue
from sandbox_child.runtime.guest import Guest
from sandbox_child.wire.messages import HostCall, LogLevel

_RANDOM_CHUNK = 64 * 1024


class HostLink(Protocol):
    """What leaves the child, as ``serve`` provides it."""

    def log(self, level: LogLevel, text: str) -> None:
        """Send one log line of the plugin."""
        ...

    def call(self, name: HostCall, request: bytes) -> tuple[int, bytes]:
        """Ask the supervisor; return the status and the body."""
        ...


def check_span(guest: Guest, what: str, pointer: int, length: int) -> None:
    """Raise BadGuestValue, which traps the guest, unless the bytes lie in its memory."""
    memory = guest.memory()
    if not memory.holds(pointer, length):
        raise BadGuestValue(what, pointer, length, memory.size())


def read_guest(guest: Guest, what: str, pointer: int, length: int) -> bytes:
    """Copy what the guest points at; raises BadGuestValue for a bad pointer."""
    memory = guest.memory()
    if not memory.holds(pointer, length):
        raise BadGuestValue(what, pointer, length, memory.size())
    return memory.read(pointer, length)


def write_guest(guest: Guest, what: str, pointer: int, data: bytes) -> None:
    """Copy ``data`` to where the guest asked for it; raises BadGuestValue for a bad pointer."""
    check_span(guest, what, pointer, len(data))
    guest.memory().write(pointer, data)


def fill_with_random(guest: Guest, what: str, pointer: int, length: int) -> None:
    """Fill the guest's bytes from the operating system; raises BadGuestValue for a bad pointer."""
    check_span(guest, what, pointer, length)
    for start in range(0, length, _RANDOM_CHUNK):
        chunk = os.urandom(min(_RANDOM_CHUNK, length - start))
        guest.memory().write(pointer + start, chunk)
