"""Resource limits of a child. See getrlimit(2)."""

import ctypes
import resource
from dataclasses import dataclass

from sandbox_child.lockdown.libc import check, libc

MIB = 1 << 20
_RLIMIT_LOCKS = 10


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """The limits that differ between kinds of children, in bytes and seconds."""

    data: int
    """Private writable memory: the guest's linear memory and the interpreter around it."""
    address_space: int
    """All addresses; wasmtime reserves 4 GiB of them for one linear memory, without using them."""
    file_size: int = 0
    cpu_seconds: int | None = None
    open_files: int = 0
    processes: int = 0
    """Of its user, threads included; those that there are already may be more."""


def apply_limits(limits: ResourceLimits) -> None:
    """Set every limit, soft and hard, so that the process cannot raise it again."""
    values = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_STACK: 8 * MIB,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_DATA: limits.data,
        resource.RLIMIT_AS: limits.address_space,
    }
    for which, value in values.items():
        resource.setrlimit(which, (value, value))
    if limits.cpu_seconds is not None:
        # The soft limit's signal already kills; the hard limit is there in case it is ignored.
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    check(libc.setrlimit(_RLIMIT_LOCKS, (ctypes.c_ulong * 2)(0, 0)), "setrlimit locks")
