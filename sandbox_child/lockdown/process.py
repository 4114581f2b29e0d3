"""The smaller steps: attributes of the process that are set once and never unset. See prctl(2)."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from sandbox_child.lockdown.errors import LockdownError, Unavailable
from sandbox_child.lockdown.libc import call_kernel, check, libc, prctl
from sandbox_child.lockdown.syscalls import this_architecture

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME = 1, 4, 15
_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 38, 65
_MDWE_REFUSE_EXEC_GAIN = 1
_READ_AND_EXECUTE = 0x5
_LAST_DESCRIPTOR = 0xFFFFFFFF


def set_name(name: str) -> None:
    """Set the name that ps(1) shows, at most 15 bytes of it."""
    buffer = ctypes.create_string_buffer(name.encode()[:15])
    check(libc.prctl(_PR_SET_NAME, buffer, 0, 0, 0), "prctl name")


def first_to_die() -> None:
    """Ask the kernel to kill this process before any other when memory runs out."""
    # Without a text layer: every child pays for this, and a text file costs twenty times as much.
    descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"1000")
    finally:
        os.close(descriptor)


def low_priority() -> None:
    """Let everybody else have the processor first."""
    os.nice(10)


def seal_executable_pages() -> None:
    """Make every page that is writable and executable (libffi's closures) read-only.

    Every ctypes callback must exist before this, and none can be made after it.
    """
    for line in Path("/proc/self/maps").read_bytes().splitlines():
        span, permissions = line.split(None, 2)[:2]
        if b"w" in permissions and b"x" in permissions:
            start, end = (int(part, 16) for part in span.split(b"-"))
            check(
                libc.mprotect(
                    ctypes.c_void_p(start), ctypes.c_size_t(end - start), _READ_AND_EXECUTE
                ),
                "mprotect of a writable and executable page",
            )


def empty_surroundings(file_mode_mask: int) -> None:
    """Leave the working directory and the environment behind."""
    os.chdir("/")
    os.umask(file_mode_mask)
    os.environ.clear()
    libc.clearenv()


def close_descriptors(keep: Iterable[int]) -> None:
    """Close every descriptor but those of ``keep``. See close_range(2)."""
    number = this_architecture().numbers["close_range"]
    start = 0
    for descriptor in sorted(keep):
        if descriptor > start:
            call_kernel(number, start, descriptor - 1, 0)
        start = descriptor + 1
    call_kernel(number, start, _LAST_DESCRIPTOR, 0)


def no_new_privileges() -> None:
    """Make set-user-id and file capabilities powerless; seccomp and Landlock ask for it."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def not_dumpable() -> None:
    """Leave no core, and let no process of the same user attach or read the memory."""
    prctl(_PR_SET_DUMPABLE, 0)


def die_with(parent: int, lives: Callable[[], bool] | None = None) -> None:
    """Be killed when the supervisor's thread that started the fork server ends.

    A change of user clears this, so it comes after. The parent may be gone already: then the
    signal would never come. ``lives`` tells where the parent's number does not.
    """
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if not (lives() if lives else os.getppid() == parent):
        raise LockdownError("parent_death", "the supervisor has ended meanwhile")


def refuse_writable_code() -> None:
    """Refuse to turn memory that was ever writable into executable memory."""
    try:
        prctl(_PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN)
    except OSError:
        raise Unavailable("this kernel cannot refuse it (Linux 6.3 or later can)") from None
