"""Landlock: no file system, no TCP, no signals or abstract sockets beyond this process.

See landlock(7) and ``linux/landlock.h``. The rule set handles every right that the kernel knows and
grants none, except to a native plugin's program. It binds the calling thread and what it starts
later, so no thread may run before it.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.libc import call_kernel
from sandbox_child.lockdown.syscalls import this_architecture

_CREATE_RULESET_VERSION = 1
# Number of file system rights by ABI version; the rights are the low bits.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_BIND_AND_CONNECT_TCP = 0x3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0x3


_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_FILE, MAKE_REG, MAKE_SOCK, TRUNCATE = 1 << 5, 1 << 8, 1 << 9, 1 << 14


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights below one folder; passed over where it does not exist."""

    folder: str
    rights: int


def abi_version() -> int:
    """Return the kernel's Landlock ABI version; raises Unavailable where it has none."""
    number = this_architecture().numbers["landlock_create_ruleset"]
    try:
        return call_kernel(number, None, 0, _CREATE_RULESET_VERSION)
    except OSError as exc:
        if exc.errno == errno.EOPNOTSUPP:
            raise Unavailable("Landlock is built into this kernel but switched off") from None
        raise Unavailable("this kernel has no Landlock (Linux 5.13 or later has)") from None


@dataclass(frozen=True, slots=True)
class Handled:
    """The rights that a rule set takes away, as ``struct landlock_ruleset_attr`` has them."""

    files: int
    network: int
    scoped: int
    size: int
    """Bytes of the structure that this version knows."""

    def packed(self) -> bytes:
        """Return the structure."""
        return struct.pack("<QQQ", self.files, self.network, self.scoped)[: self.size]

    def __str__(self) -> str:
        parts = ["files"]
        parts += ["TCP"] if self.network else []
        parts += ["signals and abstract sockets"] if self.scoped else []
        return ", ".join(parts)


def handled_by(version: int) -> Handled:
    """Return everything that a version of Landlock can take away; a newer one as the newest known.

    Version 4 added TCP, 5 ioctl on devices, 6 the scope of signals and abstract sockets.
    """
    return Handled(
        files=(1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1,
        network=_NET_BIND_AND_CONNECT_TCP if version >= 4 else 0,
        scoped=_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
        size=8 if version < 4 else 16 if version < 6 else 24,
    )


def restrict_self(grants: Sequence[Grant] = ()) -> str:
    """Give up everything that Landlock can take away but ``grants``; return what, in words."""
    version = abi_version()
    handled = handled_by(version)
    attributes = ctypes.create_string_buffer(handled.packed(), handled.size)
    numbers = this_architecture().numbers
    ruleset = call_kernel(numbers["landlock_create_ruleset"], attributes, handled.size, 0)
    try:
        for grant in grants:
            _allow(ruleset, grant, handled.files)
        call_kernel(numbers["landlock_restrict_self"], ruleset, 0)
    finally:
        os.close(ruleset)
    return f"ABI {version}: {handled}"


def _allow(ruleset: int, grant: Grant, known: int) -> None:
    try:
        folder = os.open(grant.folder, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = struct.pack("<Qi", grant.rights & known, folder)
        number = this_architecture().numbers["landlock_add_rule"]
        call_kernel(number, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(folder)
