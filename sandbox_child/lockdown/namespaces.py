"""Namespaces: a network without interfaces and System V objects of its own. See namespaces(7).

The fork server enters them once, before it makes a child, so that they cost a child nothing. Who is
not root gets them inside a new user namespace, where the kernel allows that to everybody; it comes
with every capability inside itself, which are given up at once.
"""

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from sandbox_child.lockdown import privileges
from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.libc import check, libc
from sandbox_child.lockdown.status import Control, ControlStatus

_NEW_IPC, _NEW_USER, _NEW_NET = 0x08000000, 0x10000000, 0x40000000

Step = tuple[Control, Callable[[], str | None]]


def enter_namespaces(switched_off: Collection[str]) -> tuple[ControlStatus, ...]:
    """Leave the machine's networks and IPC objects; return which of it worked.

    The process must have one thread only. ``switched_off``: see ``CageSpec``.
    """
    was_root = os.geteuid() == 0
    steps: Sequence[Step] = (
        ("user_namespace", lambda: _own_users(was_root)),
        ("network_namespace", lambda: _unshare(_NEW_NET)),
        ("ipc_namespace", lambda: _unshare(_NEW_IPC)),
    )
    report = [_take(name, step, switched_off) for name, step in steps]
    if report[0].active:
        privileges.drop_bounding_set()
        privileges.drop_capabilities()
    return tuple(report)


def _take(name: Control, step: Callable[[], str | None], off: Collection[str]) -> ControlStatus:
    if name in off:
        return ControlStatus(name, active=False, reason="switched off")
    try:
        detail = step()
    except (Unavailable, OSError) as exc:
        return ControlStatus(name, active=False, reason=str(exc))
    return ControlStatus(name, active=True, reason=detail or "")


def _own_users(was_root: bool) -> None:
    if was_root:
        raise Unavailable("not needed: root gives each child a user of its own")
    try:
        user, group = os.geteuid(), os.getegid()
        check(libc.unshare(_NEW_USER), "unshare")
    except OSError:
        raise Unavailable("this machine allows user namespaces to root alone") from None
    with suppress(OSError):  # it is in a namespace of its own all the same
        keep_user(user, group)


def keep_user(user: int, group: int) -> None:
    """Be the same user inside a new user namespace; without, no other could be made inside it."""
    _write("setgroups", b"deny")
    _write("uid_map", b"%d %d 1" % (user, user))
    _write("gid_map", b"%d %d 1" % (group, group))


def _write(name: str, text: bytes) -> None:
    """Write to a file of this process's, in one piece."""
    descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text)
    finally:
        os.close(descriptor)


def _unshare(what: int) -> None:
    try:
        check(libc.unshare(what), "unshare")
    except OSError:
        raise Unavailable("neither root nor allowed to make a user namespace") from None
