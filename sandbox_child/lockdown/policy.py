"""System calls that a locked child may make, and why each. Everything else kills it.

The list was found by tracing and is kept short: what Python, msgpack and wasmtime need to read a
frame, run a guest in memory that they already have, and write a frame.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass

from sandbox_child.lockdown.bpf import OneOf, Rule
from sandbox_child.lockdown.syscalls import this_architecture

_PROT_READ_WRITE = 0x3
_PROT_EXEC = 0x4
_MAP_PRIVATE_ANONYMOUS = 0x22
_MAP_HARMLESS = 0x10 | 0x4000 | 0x20000  # FIXED, NORESERVE, STACK
_FUTEX_PRIVATE, _FUTEX_CLOCK_REALTIME = 128, 256
_FUTEX_PLAIN = tuple(_FUTEX_PRIVATE | operation for operation in (0, 1, 9, 10))
"""WAIT, WAKE and their bitset forms; no priority inheritance, no requeue. Private alone: by a page
that two processes have mapped, such as one of a library, they could else wake each other."""
_OWN_CLOCKS = tuple(range(8))
"""Of the machine and of the process itself. Other numbers name clocks of other processes (their
existence, and the processor time they use) and of devices: clock_getres(2), "Dynamic clocks"."""
_SLEEPING_CLOCKS = (0, 1)
_GRND_FLAGS = (0, 1)  # NONBLOCK
_MADV_DONTNEED, _MADV_FREE = 4, 8

_PROT_READ = 0x1
_MAP_SHARED = 0x1
_EMPTY_PATH = 0x1000
_SOCK_NONBLOCK, _SOCK_CLOEXEC = 0x800, 0x80000
_SOL_SOCKET, _SO_PEERCRED = 1, 17
_LOCKING = (5, 6)  # F_GETLK, F_SETLK

_STDERR = 2
PIPE_IN, PIPE_OUT = 0, 1
"""The descriptors that a plugin's child keeps."""
PLUGIN_SOCKET = 3
"""What a bridge keeps besides."""
LISTENER = 2
"""What a bridge over gRPC keeps besides: it stands where nothing may be read or written."""
ACCEPTED = (4, 5, 6, 7)
"""What the program's own connections to such a bridge become."""
MODULE_IN, REPORT_OUT, ARTIFACT_OUT = 0, 1, 3
"""The descriptors that a compile child keeps."""


def _common(own_pid: int) -> list[Rule]:
    return [
        Rule("futex", (OneOf(1, _FUTEX_PLAIN, ignore=_FUTEX_CLOCK_REALTIME),)),
        # Shared, growing, locked, huge and file mappings escape RLIMIT_DATA, so none of their
        # flags is allowed: exactly private and anonymous, and never executable.
        Rule(
            "mmap",
            (
                OneOf(2, (0,), ignore=_PROT_READ_WRITE, wide=True),
                OneOf(3, (_MAP_PRIVATE_ANONYMOUS,), ignore=_MAP_HARMLESS, wide=True),
            ),
        ),
        Rule("munmap"),
        Rule("madvise", (OneOf(2, (_MADV_DONTNEED, _MADV_FREE)),)),
        Rule("brk"),
        Rule("mremap", errno=errno.ENOMEM),  # glibc falls back to allocating and copying
        # Where the vDSO has no clock to read.
        Rule("clock_gettime", (OneOf(0, _OWN_CLOCKS),)),
        Rule("gettimeofday"),
        Rule("clock_nanosleep", (OneOf(0, _SLEEPING_CLOCKS),)),  # the watchdog's thread
        Rule("getrandom", (OneOf(2, _GRND_FLAGS),)),  # the guest's random_get
        Rule("sched_yield"),
        Rule("rt_sigreturn"),  # wasmtime turns faults into traps
        Rule("rt_sigaction"),
        Rule("rt_sigprocmask"),
        Rule("sigaltstack"),  # wasmtime, at the first guest call of a thread
        Rule("restart_syscall"),  # after a stop and a continue
        Rule("getpid"),
        Rule("gettid"),
        Rule(
            "tgkill", (OneOf(0, (own_pid,)),)
        ),  # abort() raises in itself, so that it shows as such
        Rule("exit"),
        Rule("exit_group"),
        # Refused instead of fatal: Python tries these on its error paths.
        Rule("openat", errno=errno.EACCES),
        Rule("newfstatat", errno=errno.EACCES),
        Rule("ioctl", errno=errno.ENOTTY),
        # The engine says on stderr why it gives up, and then aborts, which tells more than a kill.
        Rule("write", (OneOf(0, (_STDERR,)),), errno=errno.EBADF),
    ]


def plugin_rules(own_pid: int) -> list[Rule]:
    """Return the rules of a plugin's child; the calls that it makes most come first."""
    return [
        Rule("read", (OneOf(0, (PIPE_IN,)),)),
        Rule("write", (OneOf(0, (PIPE_OUT,)),)),
        *_common(own_pid),
        Rule("mprotect", (OneOf(2, (0,), ignore=_PROT_READ_WRITE, wide=True),)),
    ]


@dataclass(frozen=True, slots=True)
class DatabaseFiles:
    """The descriptors of the databases that a query process has open."""

    read: tuple[int, ...]
    """Read alone: the help desk's database and its write-ahead log."""
    index: tuple[int, ...]
    """The shared index of that log, which is mapped for reading."""
    write: tuple[int, ...]
    """The plugin's own database and its log."""

    @property
    def every(self) -> tuple[int, ...]:
        """All of them."""
        return (*self.read, *self.index, *self.write)


def query_rules(files: DatabaseFiles) -> Callable[[int], list[Rule]]:
    """Return what makes the rules of a query process: a plugin's, and what SQLite asks of files.

    Nothing opens a file. Of those that are open, only the plugin's own are ever written.
    """

    def rules(own_pid: int) -> list[Rule]:
        return [
            Rule("pread64", (OneOf(0, files.every),)),
            Rule("fcntl", (OneOf(0, files.every), OneOf(1, _LOCKING))),
            # Where the C library has no use for fstat, it asks this way. It also answers for a
            # path, which the filter cannot see: to a process that is taken over, it tells whether
            # a file exists, its size and its times.
            Rule("newfstatat", (OneOf(0, files.every), OneOf(3, (_EMPTY_PATH,)))),
            Rule("fstat", (OneOf(0, files.every),)),
            # The index of the log grows while it is mapped.
            Rule(
                "mmap",
                (
                    OneOf(2, (_PROT_READ,), wide=True),
                    OneOf(3, (_MAP_SHARED,), wide=True),
                    OneOf(4, files.index),
                ),
            ),
            *_writing(files.write),
            *plugin_rules(own_pid),
        ]

    return rules


def _writing(descriptors: tuple[int, ...]) -> list[Rule]:
    if not descriptors:
        return []
    calls = ("pwrite64", "ftruncate", "fsync", "fdatasync")
    return [Rule(name, (OneOf(0, descriptors),)) for name in calls]


def bridge_rules(own_pid: int) -> list[Rule]:
    """Return the rules of a native plugin's bridge: a plugin's child with one socket more.

    It reads and writes the socket as it does its pipes, and waits for either. It can make no
    socket, connect none, and pass no descriptor.
    """
    wait = "poll" if "poll" in this_architecture().numbers else "ppoll"
    return [
        Rule("read", (OneOf(0, (PIPE_IN, PLUGIN_SOCKET)),)),
        Rule("write", (OneOf(0, (PIPE_OUT, PLUGIN_SOCKET)),)),
        Rule(wait),
        *_common(own_pid),
        Rule("mprotect", (OneOf(2, (0,), ignore=_PROT_READ_WRITE, wide=True),)),
    ]


def listening_bridge_rules(own_pid: int) -> list[Rule]:
    """Return the rules of a bridge over gRPC, which also takes connections of the program.

    That far go-plugin needs it: over gRPC the program calls the host on a connection of its own. A
    connection's other end is asked for its process id, and for nothing else.
    """
    return [
        Rule("read", (OneOf(0, ACCEPTED),)),
        Rule("write", (OneOf(0, ACCEPTED),)),
        Rule(
            "accept4",
            (
                OneOf(0, (LISTENER,)),
                OneOf(1, (0,), wide=True),
                OneOf(2, (0,), wide=True),
                OneOf(3, (_SOCK_NONBLOCK | _SOCK_CLOEXEC,)),
            ),
        ),
        Rule(
            "getsockopt", (OneOf(0, ACCEPTED), OneOf(1, (_SOL_SOCKET,)), OneOf(2, (_SO_PEERCRED,)))
        ),
        Rule("close", (OneOf(0, ACCEPTED),)),
        *bridge_rules(own_pid),
    ]


def compiler_rules(own_pid: int) -> list[Rule]:
    """Return the rules of a compile child.

    Compiling publishes the code in the process before it can be serialised, so that ``mprotect`` to
    read-and-execute must be allowed; writable and executable at once stays refused.
    """
    read_execute = 0x1 | _PROT_EXEC
    return [
        Rule("read", (OneOf(0, (MODULE_IN,)),)),
        Rule("write", (OneOf(0, (REPORT_OUT, ARTIFACT_OUT)),)),
        *_common(own_pid),
        Rule("mprotect", (OneOf(2, (0, 0x1, 0x3, read_execute), wide=True),)),
    ]
