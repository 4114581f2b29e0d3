"""System call numbers and audit architectures, from the kernel's own headers.

x86-64: ``asm/unistd_64.h``; aarch64: ``asm-generic/unistd.h``; ``linux/audit.h`` for the latter
words. The aarch64 table is unproven until ``ohd sandbox check`` has run on such a machine.
"""

import platform
from dataclasses import dataclass

from sandbox_child.lockdown.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the filter must know of the machine."""

    audit: int
    """The value of ``seccomp_data.arch`` for this machine's own calls."""
    x32_bit: int | None
    """Set in the numbers of a second calling convention that shares ``audit``; refused."""
    numbers: dict[str, int]


_X86_64 = Architecture(
    audit=0xC000003E,
    x32_bit=0x40000000,
    numbers={
        "read": 0, "write": 1, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
        "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16,
        "sched_yield": 24, "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60,
        "gettimeofday": 96, "capset": 126, "sigaltstack": 131, "gettid": 186, "futex": 202,
        "restart_syscall": 219, "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231,
        "tgkill": 234, "openat": 257, "newfstatat": 262, "seccomp": 317, "getrandom": 318,
        "close_range": 436, "landlock_create_ruleset": 444, "landlock_restrict_self": 446,
        "clone": 56,
    },
)  # fmt: skip

_AARCH64 = Architecture(
    audit=0xC00000B7,
    x32_bit=None,
    numbers={
        "read": 63, "write": 64, "mmap": 222, "mprotect": 226, "munmap": 215, "brk": 214,
        "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "ioctl": 29,
        "sched_yield": 124, "mremap": 216, "madvise": 233, "getpid": 172, "exit": 93,
        "gettimeofday": 169, "capset": 91, "sigaltstack": 132, "gettid": 178, "futex": 98,
        "restart_syscall": 128, "clock_gettime": 113, "clock_nanosleep": 115, "exit_group": 94,
        "tgkill": 131, "openat": 56, "newfstatat": 79, "seccomp": 277, "getrandom": 278,
        "close_range": 436, "landlock_create_ruleset": 444, "landlock_restrict_self": 446,
        "clone": 220,
    },
)  # fmt: skip

_BY_MACHINE = {"x86_64": _X86_64, "aarch64": _AARCH64}


def this_architecture() -> Architecture:
    """Return the table of the machine that this runs on; raises Unavailable where there is none."""
    machine = platform.machine()
    try:
        return _BY_MACHINE[machine]
    except KeyError:
        raise Unavailable(
            f"no system call table for {machine}; the sandbox knows {', '.join(_BY_MACHINE)}"
        ) from None
