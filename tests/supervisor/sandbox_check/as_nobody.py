"""Runs a command as an ordinary user, who can reach this Python wherever root keeps it.

    python as_nobody.py COMMAND...

In a mount namespace of its own, a folder that only root may enter is covered with an open one that
holds nothing but the interpreter.
"""

import ctypes
import os
import sys
from pathlib import Path

NOBODY = 65534
_NEW_MOUNTS = 0x00020000
_RECURSIVE_PRIVATE = (1 << 18) | 16384
_BIND, _MOVE = 4096, 8192

libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))


def _mount(source, target, kind=None, flags=0, options=None):
    texts = [t.encode() if t else None for t in (source, target, kind)]
    _check(libc.mount(*texts, ctypes.c_ulong(flags), options.encode() if options else None))


def closed_folder(path):
    """Return the first folder on the way that others may not enter."""
    for folder in reversed(Path(path).parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def open_way_to(prefix):
    closed = closed_folder(prefix)
    if closed is None:
        return
    _check(libc.unshare(_NEW_MOUNTS))
    _mount(None, "/", None, _RECURSIVE_PRIVATE)
    aside = Path("/mnt")
    _mount(str(prefix), str(aside), None, _BIND)
    _mount("none", str(closed), "tmpfs", 0, "mode=755")
    Path(prefix).mkdir(parents=True)
    _mount(str(aside), str(prefix), None, _MOVE)


if __name__ == "__main__":
    open_way_to(Path(sys.base_prefix).resolve())
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.execv(sys.argv[1], sys.argv[1:])
