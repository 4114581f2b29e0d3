"""Children that were made and that nobody knows of: finding and ending them.

A fork server can die, or the answer be lost, between the making of a child and the word of it. The
child is ours then (``CLONE_PARENT``), shares its pipes with the child that is made in its place,
and would be heard by nobody. It is known by its process group, which is that of its fork server.
"""

import os
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import trio


async def end_orphans(group: int, known: Collection[int]) -> list[int]:
    """End the children of this process that belong to ``group``; return their ids.

    ``known`` are the ids of those that have an owner. The fork server must be gone, or it could
    make another one meanwhile.
    """
    found = await trio.to_thread.run_sync(_children_in, group)
    orphans = [pid for pid in found if pid not in known]
    for pid in orphans:
        await end_orphan(pid)
    return orphans


async def end_orphan(pid: int) -> None:
    """Kill and reap one child. Its id cannot be another process's before it is reaped."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        await trio.to_thread.run_sync(os.waitid, os.P_PID, pid, os.WEXITED)


def _children_in(group: int) -> list[int]:
    """Return the children of this process whose process group is ``group``. See proc(5)."""
    own = str(os.getpid())
    children = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            stat = (folder / "stat").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        # The name, in parentheses, may hold anything, parentheses and blanks included.
        _, parent, its_group = stat.rpartition(b")")[2].decode("ascii").split()[:3]
        if parent == own and its_group == str(group):
            children.append(int(folder.name))
    return children
