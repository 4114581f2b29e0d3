"""Users and capabilities: what the process may do by who it is. See capabilities(7)."""

import os
import struct

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.libc import call_kernel, libc, prctl
from sandbox_child.lockdown.syscalls import this_architecture

_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_PR_CAP_AMBIENT, _CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_HIGHEST_CAPABILITY = 63


def drop_bounding_set() -> str:
    """Make sure that no later step could hand out a capability; needs CAP_SETPCAP."""
    known = [c for c in range(_HIGHEST_CAPABILITY + 1) if _in_bounding_set(c) is not None]
    left = [c for c in known if _in_bounding_set(c)]
    for capability in left:
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            raise Unavailable("only a privileged process may shrink its bounding set")
    return "" if left else "empty since the fork server started"


def _in_bounding_set(capability: int) -> bool | None:
    """None: this kernel has no such capability."""
    answer = libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0)
    return None if answer < 0 else bool(answer)


def become(uid: int) -> None:
    """Change user and group to ``uid`` for good; needs root."""
    if os.getuid() != 0:
        raise Unavailable("only root can give each plugin a user of its own")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Empty the effective, permitted, inheritable and ambient sets of this thread.

    Done for every user: a user namespace hands out a full set inside itself.
    """
    prctl(_PR_CAP_AMBIENT, _CLEAR_ALL)
    header = struct.pack("<II", _CAPABILITY_VERSION_3, 0)
    call_kernel(this_architecture().numbers["capset"], header, b"\0" * 24)
