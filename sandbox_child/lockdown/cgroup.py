"""Joining control groups, whose limits the supervisor has set. See cgroups(7).

The supervisor hands over each group's ``cgroup.procs``, opened for writing: the child itself can
open none, and joins before it has used any memory of its own.
"""

import os
from collections.abc import Sequence

from sandbox_child.lockdown.errors import Unavailable


def join(doors: Sequence[int]) -> None:
    """Enter the group behind each descriptor; the whole process goes, for good."""
    if not doors:
        raise Unavailable("no control group could be made for it")
    for door in doors:
        os.write(door, b"0")
