"""A root folder of its own: nothing of the machine's files but what a program may use.

Done in a fresh mount namespace. An empty file system in memory becomes the root; the private folder
and, where they are needed, the system's libraries are seen in it under their own paths. See
mount_namespaces(7) and pivot_root(2).
"""

import os
from collections.abc import Sequence
from pathlib import Path

from sandbox_child.lockdown.libc import call_kernel, check, libc
from sandbox_child.lockdown.syscalls import this_architecture

SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")

_READ_ONLY, _NO_SUID, _NO_DEV, _NO_EXEC = 0x1, 0x2, 0x4, 0x8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_DETACH = 2
_TINY = b"size=64k,nr_inodes=128,mode=755"


def see_only(writable: str, readable: Sequence[str] = ()) -> None:
    """Make a new root with the folder ``writable`` and the folders ``readable``; raises OSError."""
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    # By descriptor: the new root covers the path that one of them may lie below.
    sources = {path: _look(path) for path in (writable, *readable)}
    root = "/tmp"  # noqa: S108 - as a place to mount on, in a namespace of this process's own
    _mount("none", root, "tmpfs", _NO_SUID | _NO_DEV | _NO_EXEC, _TINY)
    for path, descriptor in sources.items():
        place = Path(root + path)
        if isinstance(descriptor, str):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(descriptor)
        elif descriptor is not None:
            place.mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", str(place), None, _BIND | _RECURSIVE)
            os.close(descriptor)
    os.chdir(root)
    call_kernel(this_architecture().numbers["pivot_root"], b".\0", b".\0")
    check(libc.umount2(b".", _DETACH), "umount of the old root")
    os.chdir("/")
    flags = _READ_ONLY | _NO_SUID | _NO_DEV | _NO_EXEC
    _mount(None, "/", None, _REMOUNT | _BIND | flags)


def _look(path: str) -> int | str | None:
    """Return a descriptor of a folder, where a link leads, or None where there is nothing."""
    if Path(path).is_symlink():
        return str(Path(path).readlink())
    try:
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: bytes | None = None
) -> None:
    arguments = [None if text is None else text.encode() for text in (source, target, kind)]
    check(libc.mount(*arguments, flags, data), f"mount on {target}")
