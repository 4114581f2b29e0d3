"""Landlock: no file system, no TCP, no signals or abstract sockets beyond this process.

See landlock(7) and ``linux/landlock.h``. The rule set handles every right that the kernel knows and
grants none. It binds the calling thread and what it starts later, so no thread may run before it.
"""

import ctypes
import errno
import os
import struct

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.libc import call_kernel
from sandbox_child.lockdown.syscalls import this_architecture

_CREATE_RULESET_VERSION = 1
# Number of file system rights by ABI version; the rights are the low bits.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_BIND_AND_CONNECT_TCP = 0x3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0x3


def abi_version() -> int:
    """Return the kernel's Landlock ABI version; raises Unavailable where it has none."""
    number = this_architecture().numbers["landlock_create_ruleset"]
    try:
        return call_kernel(number, None, 0, _CREATE_RULESET_VERSION)
    except OSError as exc:
        if exc.errno == errno.EOPNOTSUPP:
            raise Unavailable("Landlock is built into this kernel but switched off") from None
        raise Unavailable("this kernel has no Landlock (Linux 5.13 or later has)") from None


def restrict_self() -> str:
    """Give up everything that Landlock can take away; return what that is, in words."""
    version = abi_version()
    handled_fs = (1 << _FILE_RIGHTS[min(version, 5)]) - 1
    handled_net = _NET_BIND_AND_CONNECT_TCP if version >= 4 else 0
    scoped = _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = ctypes.create_string_buffer(
        struct.pack("<QQQ", handled_fs, handled_net, scoped), 24
    )
    numbers = this_architecture().numbers
    ruleset = call_kernel(numbers["landlock_create_ruleset"], attributes, size, 0)
    try:
        call_kernel(numbers["landlock_restrict_self"], ruleset, 0)
    finally:
        os.close(ruleset)
    parts = ["files"]
    parts += ["TCP"] if handled_net else []
    parts += ["signals and abstract sockets"] if scoped else []
    return f"ABI {version}: {', '.join(parts)}"
