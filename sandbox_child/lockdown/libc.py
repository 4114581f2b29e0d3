"""The few libc entries that the lockdown calls, with errors as OSError."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def check(result: int, what: str) -> int:
    """Return ``result``, or raise the OSError that errno tells of."""
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")
    return result


def call_kernel(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Enter the kernel; integers are passed as longs. Source: the man page of ``syscall``."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return check(libc.syscall(ctypes.c_long(number), *converted), f"system call {number}")


def prctl(option: int, *arguments: int) -> int:
    """Set an attribute of this process. Unused arguments are zero, as newer options insist on."""
    padded = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return check(libc.prctl(ctypes.c_int(option), *padded), f"prctl {option}")
