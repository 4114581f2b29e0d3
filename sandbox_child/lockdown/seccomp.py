"""Loading a system call filter. See seccomp(2)."""

import ctypes

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.libc import libc
from sandbox_child.lockdown.syscalls import this_architecture

_SET_MODE_FILTER = 1
_FILTER_FLAG_TSYNC = 1
_INSTRUCTION_BYTES = 8


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def load_filter(program: bytes) -> None:
    """Activate ``program`` for every thread of this process, permanently."""
    buffer = ctypes.create_string_buffer(program, len(program))
    description = _Program(len(program) // _INSTRUCTION_BYTES, ctypes.cast(buffer, ctypes.c_void_p))
    result = libc.syscall(
        ctypes.c_long(this_architecture().numbers["seccomp"]),
        ctypes.c_long(_SET_MODE_FILTER),
        ctypes.c_long(_FILTER_FLAG_TSYNC),
        ctypes.byref(description),
    )
    if result > 0:
        raise Unavailable(f"thread {result} could not be given the filter")
    if result < 0:
        raise Unavailable("this kernel refuses seccomp filters")
