"""The machines that the sandbox knows: how each marks and numbers its system calls.

The marks are from ``linux/audit.h``, the numbers in ``numbers``. aarch64 is unproven until
``ohd sandbox check`` has run on such a machine.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.numbers import AARCH64, X86_64


@dataclass(frozen=True, slots=True)
class Architecture:
    """Facts about the machine for the filter."""

    audit: int
    """The value of ``seccomp_data.arch`` for this machine's own calls."""
    x32_bit: int | None
    """Set in the numbers of a second calling convention that shares ``audit``; refused."""
    numbers: Mapping[str, int]


_X86_64 = Architecture(audit=0xC000003E, x32_bit=0x40000000, numbers=X86_64)
_AARCH64 = Architecture(audit=0xC00000B7, x32_bit=None, numbers=AARCH64)

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
