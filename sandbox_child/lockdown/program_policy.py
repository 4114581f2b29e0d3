"""System calls that a native plugin's program may make, and why each.

The list is what the runtimes of Go, Rust and C need to serve a local socket, found by tracing real
plugins. Everything else is answered as if the kernel did not have it: a runtime that probes for
something newer then takes its older way. No call is on it that makes a process, a network socket, a
mount or a namespace, that reaches another process, or that hands memory or descriptors to one.
"""

import errno

from sandbox_child.lockdown.bpf import OneOf, Rule
from sandbox_child.lockdown.syscalls import this_architecture

PROGRAM, SUPERVISOR = 3, 4
"""Descriptors of the program and of the supervisor's process, while the child is not the program
yet; they close as it becomes it."""
_AT_EMPTY_PATH = 0x1000

_THREAD = 0x00010000
_THREAD_FLAGS = 0x00000100 | 0x00000200 | 0x00000400 | 0x00000800 | _THREAD
"""CLONE_VM, FS, FILES, SIGHAND, THREAD: what every thread is made with."""
_THREAD_EXTRAS = 0x00040000 | 0x00080000 | 0x00100000 | 0x00200000 | 0x00400000 | 0x01000000
"""SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID, DETACHED, CHILD_SETTID."""

_PROT_WITHOUT_WRITE_AND_EXECUTE = (0, 1, 2, 3, 4, 5)
_MAP_PRIVATE = 0x02
_MAP_HARMLESS = 0x10 | 0x20 | 0x800 | 0x1000 | 0x4000 | 0x20000 | 0x100000
"""FIXED, ANONYMOUS, DENYWRITE, EXECUTABLE, NORESERVE, STACK, FIXED_NOREPLACE. Nothing shared:
that escapes the limit on data."""
_FUTEX_OPERATIONS = (0, 9, *(128 | operation for operation in (0, 1, 3, 4, 9, 10)))
"""Private ones. On a page that others may share it can wait, as joining a thread does, and wake
nobody."""
_FUTEX_CLOCK_REALTIME = 256
_CLOCKS = tuple(range(8))
_SLEEPING_CLOCKS = (0, 1)
_GRND_FLAGS = (0, 1, 4)  # NONBLOCK, INSECURE
_MADVICE = (0, 1, 2, 3, 4, 8, 14, 15, 16, 17)
"""Advice on its own pages and their size; none that merges, poisons or fills them."""
_GET_AND_SET = (1, 2, 3, 4, 1030)
"""F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. No locks, no signals, no leases."""
_ARCH_SET_FS, _ARCH_CET_STATUS = 0x1002, 0x3001
_AF_UNIX, _SOCK_STREAM = 1, 1
_SOCK_FLAGS = 0x800 | 0x80000  # NONBLOCK, CLOEXEC
_SOL_SOCKET = 1
_ITSELF = 0


def program_rules(own_pid: int) -> list[Rule]:
    """Return the rules; the calls that are made most come first."""
    return [
        *(Rule(name) for name in _ALWAYS if name in _known()),
        Rule("futex", (OneOf(1, _FUTEX_OPERATIONS, ignore=_FUTEX_CLOCK_REALTIME),)),
        Rule(
            "mmap",
            (
                OneOf(2, _PROT_WITHOUT_WRITE_AND_EXECUTE, wide=True),
                OneOf(3, (_MAP_PRIVATE,), ignore=_MAP_HARMLESS, wide=True),
            ),
        ),
        Rule("mprotect", (OneOf(2, _PROT_WITHOUT_WRITE_AND_EXECUTE, wide=True),)),
        Rule("madvise", (OneOf(2, _MADVICE),)),
        Rule("clone", (OneOf(0, (_THREAD_FLAGS,), ignore=_THREAD_EXTRAS),)),
        Rule("clone", errno=errno.EPERM),
        Rule("tgkill", (OneOf(0, (own_pid,)),)),
        Rule("clock_gettime", (OneOf(0, _CLOCKS),)),
        Rule("clock_getres", (OneOf(0, _CLOCKS),)),
        Rule("clock_nanosleep", (OneOf(0, _SLEEPING_CLOCKS),)),
        Rule("getrandom", (OneOf(2, _GRND_FLAGS),)),
        Rule("mremap", errno=errno.ENOMEM),  # C libraries fall back to allocating and copying
        Rule("fcntl", (OneOf(1, _GET_AND_SET),)),
        Rule("ioctl", errno=errno.ENOTTY),
        *_of_sockets(),
        Rule("fchmodat", errno=errno.EPERM),
        Rule("fchmod", errno=errno.EPERM),
        *_of_itself(),
        # To become the program, once: the descriptor closes with it, and the folder holds nothing
        # that Landlock would let run.
        Rule("execveat", (OneOf(0, (PROGRAM,)), OneOf(4, (_AT_EMPTY_PATH,)))),
        *(Rule(name, errno=errno.EPERM) for name in _REFUSED if name in _known()),
    ]


def _of_sockets() -> list[Rule]:
    """Rules for a local socket, in its folder alone by Landlock and by what its mounts show.

    No descriptors pass: there is no sendmsg and no recvmsg.
    """
    no_address = OneOf(4, (0,), wide=True)
    return [
        Rule("socket", (OneOf(0, (_AF_UNIX,)), OneOf(1, (_SOCK_STREAM,), ignore=_SOCK_FLAGS))),
        Rule("socket", errno=errno.EAFNOSUPPORT),
        Rule("setsockopt", (OneOf(1, (_SOL_SOCKET,)),)),
        Rule("getsockopt", (OneOf(1, (_SOL_SOCKET,)),)),
        Rule("sendto", (no_address,)),
        Rule("recvfrom", (no_address,)),
    ]


def _of_itself() -> list[Rule]:
    rules = [
        Rule("prlimit64", (OneOf(0, (_ITSELF,)), OneOf(2, (0,), wide=True))),
        Rule("sched_getaffinity"),
        Rule("prctl", errno=errno.EINVAL),
        Rule("getrusage", (OneOf(0, (0, 1)),)),
    ]
    if "arch_prctl" in _known():
        rules += [
            Rule("arch_prctl", (OneOf(0, (_ARCH_SET_FS,)),)),
            Rule("arch_prctl", errno=errno.EINVAL),
        ]
    return rules


def _known() -> frozenset[str]:
    """Return the names of this machine's calls: older ones are absent from newer machines."""
    return frozenset(this_architecture().numbers)


_ALWAYS = (
    *("read", "write", "readv", "writev", "pread64", "pwrite64", "close", "lseek"),
    *("epoll_pwait", "epoll_wait", "epoll_ctl", "epoll_create1", "epoll_pwait2", "eventfd2"),
    *("poll", "ppoll", "select", "pselect6", "pipe2", "pipe", "dup", "dup3"),
    *("nanosleep", "sched_yield", "gettimeofday", "time", "restart_syscall"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
    *("munmap", "brk"),
    *("set_robust_list", "set_tid_address", "rseq"),
    *("exit", "exit_group", "getpid", "gettid", "getppid", "getcpu"),
    *("getuid", "geteuid", "getgid", "getegid", "getrlimit", "uname"),
    *("bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername", "shutdown"),
    *("openat", "open", "fstat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat"),
    *("faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "unlinkat", "unlink"),
    *("ftruncate", "fsync", "fdatasync", "fstatfs", "statfs", "fadvise64"),
)
"""Calls whose arguments need no look: files and sockets are Landlock's and the namespaces'."""
_REFUSED = (
    *(
        "fork",
        "vfork",
        "execve",
        "kill",
        "tkill",
        "setsid",
        "setpgid",
        "ptrace",
        "mount",
        "unshare",
    ),
    *("setuid", "setgid", "setresuid", "setresgid", "setgroups", "chmod", "symlink", "symlinkat"),
    *("link", "linkat", "mkdir", "mkdirat", "memfd_create", "personality", "sendmsg", "recvmsg"),
)
"""Refused by name, so that an honest program says what it was not allowed."""
