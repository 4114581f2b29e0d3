"""Joining control groups, whose limits the supervisor has set. See cgroups(7).

The supervisor hands over each group's ``cgroup.procs``, opened for writing: the child itself can
open none, and joins before it has used any memory of its own.
"""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sandbox_child.lockdown.errors import Unavailable

_PATIENCE_S = 3.0
_STEP_S = 0.01


def join(doors: Sequence[int]) -> None:
    """Enter the group of each descriptor; the whole process goes, for good."""
    if not doors:
        raise Unavailable("no control group could be made for it")
    for door in doors:
        os.write(door, b"0")


def clear(folders: Sequence[str], supervisor_pid: int) -> None:
    """Remove the groups of a supervisor that has been killed; gives up after some seconds.

    While it lives they are its own: one that only ends this process does that meanwhile.
    """
    deadline = time.monotonic() + _PATIENCE_S
    left = [Path(folder) for folder in folders]
    while left and time.monotonic() < deadline:
        # The kernel ends the children just now; a group that is not empty cannot be removed.
        if os.getppid() != supervisor_pid:
            for folder in left:
                for group in (*folder.glob("child-*"), folder):
                    with suppress(OSError):
                        group.rmdir()
            left = [folder for folder in left if folder.exists()]
        time.sleep(_STEP_S)
