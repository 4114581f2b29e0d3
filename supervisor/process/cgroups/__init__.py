"""Control groups for children: memory, number of tasks and processor, where they may be set.

Resource limits bind one process and count addresses; a control group counts what is really used,
and by everything in it. See cgroups(7).

::

    pool        lends a group to each child, keeps what is free
    hierarchy   finds where groups may be made, of version 2 or version 1, and sets their limits
"""

from supervisor.process.cgroups.pool import Group, GroupPool, open_groups

__all__ = ["Group", "GroupPool", "open_groups"]
