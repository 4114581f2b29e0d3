"""Raw system calls by name, as native code would make them."""

import ctypes

from sandbox_child.lockdown.libc import libc
from sandbox_child.lockdown.syscalls import this_architecture

AT_FDCWD = -100
PAGE = 4096
Argument = int | bytes | ctypes.Array[ctypes.c_char] | None


class Unsuited(Exception):
    """The attack cannot be tried on this machine; the message says why."""


class Refused(Exception):
    """The kernel said no."""

    def __init__(self, errno: int, call: str) -> None:
        self.errno = errno
        self.call = call
        super().__init__(f"{call}: errno {errno}")


def number_of(name: str) -> int:
    """Return a call's number; raises Unsuited where this machine has no such call."""
    try:
        return this_architecture().numbers[name]
    except KeyError:
        raise Unsuited(f"this kind of machine has no call {name}") from None


def call(name: str, *arguments: Argument) -> int:
    """Make a system call; integers are passed as longs. Raises Refused."""
    return raw_call(number_of(name), name, *arguments)


def raw_call(number: int, name: str, *arguments: Argument) -> int:
    """Make a system call by number."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result: int = libc.syscall(ctypes.c_long(number), *converted)
    if result < 0:
        raise Refused(ctypes.get_errno(), name)
    return result


def room(size: int = 4096) -> ctypes.Array[ctypes.c_char]:
    """Return memory that the kernel may write to."""
    return ctypes.create_string_buffer(size)


def io_vector(address: int, size: int) -> bytes:
    """Return a ``struct iovec``."""
    return address.to_bytes(8, "little") + size.to_bytes(8, "little")
