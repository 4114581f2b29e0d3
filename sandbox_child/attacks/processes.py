"""Other processes, and this one's own state: made, run, signalled, read, changed."""

import ctypes
import os
import struct
import threading

from sandbox_child.attacks.attack import Attack, number, out, plain
from sandbox_child.attacks.kernel import AT_FDCWD, Refused, call, io_vector, room
from sandbox_child.attacks.programs import RAN, chroot_program, plain_program, setuid_program
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.status import Control

_ONLY: frozenset[Control] = frozenset(("seccomp",))
_MAKING: frozenset[Control] = frozenset(("seccomp", "rlimits"))
_RUNNING: frozenset[Control] = frozenset(("seccomp", "landlock"))
_SIGNALS: frozenset[Control] = frozenset(("seccomp", "landlock", "own_user"))
_MEMORY: frozenset[Control] = frozenset(
    ("seccomp", "landlock", "own_user", "capabilities", "user_namespace")
)
_ROOT: frozenset[Control] = frozenset(("seccomp", "own_user", "capabilities", "user_namespace"))
_OTHERS: frozenset[Control] = frozenset(("seccomp", "own_user"))
_PACE: frozenset[Control] = _OTHERS | {"capabilities"}
_AS_USER: frozenset[Control] = frozenset(("own_user",))
_SEIZE, _SIGCHLD, _PROBE = 0x4206, 17, 0
_MANY = 50
_CAPABILITY_VERSION_3 = 0x20080522


def _born(pid: int) -> str:
    if pid == 0:
        os._exit(0)
    return f"process {pid}"


def _fork(_scene: Scene) -> str:
    return _born(call("clone", _SIGCHLD, 0, 0, 0, 0))


def _fork_old(_scene: Scene) -> str:
    return _born(call("fork"))


def _fork_new(_scene: Scene) -> str:
    return _born(call("clone3", struct.pack("<11Q", 0, 0, 0, 0, _SIGCHLD, 0, 0, 0, 0, 0, 0), 88))


def _thread(_scene: Scene) -> str:
    ran = threading.Event()
    try:
        threading.Thread(target=ran.set, daemon=True).start()
    except RuntimeError:
        raise Refused(11, "clone3") from None
    return "a third thread" if ran.wait(1) else "a thread that does not run"


def _many_threads(_scene: Scene) -> str:
    """Start more than a child needs, as a bomb would; they end with this process."""
    never = threading.Lock()
    never.acquire()
    try:
        for _ in range(_MANY):
            threading.Thread(target=never.acquire, daemon=True).start()
    except RuntimeError:
        raise Refused(11, "clone3") from None
    return f"{_MANY} threads"


def _run(program: bytes) -> int:
    arguments = (ctypes.c_char_p * 2)(program, None)
    return call("execve", program, ctypes.cast(arguments, ctypes.c_void_p).value or 0, None)


def _run_program(scene: Scene) -> int:
    return _run(scene.path("program"))


def _run_kept(scene: Scene) -> int:
    return _run(scene.kept["program"])


def _run_at(scene: Scene) -> int:
    return call("execveat", AT_FDCWD, scene.kept["program"], None, None, 0)


def _run_from_memory(scene: Scene) -> int:
    descriptor = call("memfd_create", b"program\0", 0)
    source = call("openat", AT_FDCWD, scene.kept["program"], 0, 0)
    while call("sendfile", descriptor, source, None, 1 << 20):
        pass
    return call("execveat", descriptor, b"\0", None, None, 0x1000)


def _signal_by_descriptor(scene: Scene) -> int:
    descriptor = call("pidfd_open", scene.number("supervisor"), 0)
    return call("pidfd_send_signal", descriptor, _PROBE, None, 0)


def _queue_signal(scene: Scene) -> int:
    info = struct.pack("<iii", 0, 0, -1) + bytes(116)
    return call("rt_sigqueueinfo", scene.number("supervisor"), _PROBE, info)


def _signal_own_group(_scene: Scene) -> int:
    return call("kill", 0, _PROBE)


def _read_memory(of: str, at: str) -> Attack:
    def attempt(scene: Scene) -> str:
        buffer = room(16)
        here = io_vector(ctypes.addressof(buffer), 16)
        there = io_vector(scene.number(at), 16)
        call("process_vm_readv", scene.number(of), here, 1, there, 1, 0)
        return buffer.raw.hex()

    return Attack(f"processes.read_{of}_memory", attempt, _MEMORY)


def _write_memory(scene: Scene) -> int:
    buffer = room(16)
    here = io_vector(ctypes.addressof(buffer), 8)
    there = io_vector(scene.number("scratch"), 8)
    return call("process_vm_writev", scene.number("supervisor"), here, 1, there, 1, 0)


def _take_descriptor(scene: Scene) -> int:
    descriptor = call("pidfd_open", scene.number("supervisor"), 0)
    return call("pidfd_getfd", descriptor, scene.number("supervisor_descriptor"), 0)


def _read_robust_list(scene: Scene) -> int:
    return call("get_robust_list", scene.number("supervisor"), room(8), room(8))


def _compare_with_supervisor(scene: Scene) -> int:
    return call("kcmp", scene.number("supervisor"), os.getpid(), 1, 0, 0)


def _limit_sibling(scene: Scene) -> int:
    """Forbid the sibling to open files."""
    return call("prlimit64", scene.number("sibling"), 7, struct.pack("<QQ", 64, 64), None)


def _raise_own_limit(_scene: Scene) -> int:
    limit = struct.pack("<QQ", 4096, 4096)
    return call("prlimit64", 0, 7, limit, None)


def _all_capabilities(_scene: Scene) -> int:
    """Take back what this process had before."""
    header = struct.pack("<II", _CAPABILITY_VERSION_3, 0)
    had = room(24)
    call("capget", header, had)
    words = struct.unpack("<6I", had.raw)
    if not words[1]:
        raise Refused(1, "capget")
    return call("capset", header, struct.pack("<6I", words[1], *words[1:]))


def _second_thread_signal(scene: Scene) -> int:
    return call("kill", scene.number("supervisor"), _PROBE)


def _real_time(_scene: Scene) -> int:
    return call("sched_setscheduler", 0, 1, struct.pack("<i", 1))


_SUPERVISOR, _SIBLING = number("supervisor"), number("sibling")

ATTACKS = (
    Attack("processes.fork", _fork, _MAKING, base=_AS_USER),
    Attack("processes.fork_the_old_way", _fork_old, _MAKING, base=_AS_USER),
    Attack("processes.fork_the_new_way", _fork_new, _MAKING, base=_AS_USER),
    Attack("processes.start_thread", _thread, _MAKING, base=_AS_USER),
    Attack("processes.start_threads_without_end", _many_threads, _MAKING | {"cgroup"},
           base=_AS_USER),
    Attack("processes.run_program", _run_kept, _RUNNING, prepare=plain_program, exits=RAN),
    Attack("processes.run_program_at", _run_at, _RUNNING, prepare=plain_program, exits=RAN),
    Attack("processes.run_from_memory", _run_from_memory, _RUNNING | {"rlimits"},
           prepare=plain_program, exits=RAN),
    Attack("processes.run_a_program_of_the_system", _run_program, _RUNNING | {"rlimits"}, exits=0),
    Attack("processes.become_root_by_setuid_program", _run_kept,
           _RUNNING | {"no_new_privs", "user_namespace"},
           prepare=setuid_program, base=_AS_USER, exits=RAN),
    Attack("processes.regain_capabilities_by_program", _run_kept,
           _RUNNING | {"own_user", "bounding_set", "no_new_privs", "user_namespace"},
           prepare=chroot_program, base=frozenset(("capabilities",)), exits=RAN),
    plain("processes.signal_supervisor", "kill", _SUPERVISOR, _PROBE, by=_SIGNALS),
    plain("processes.signal_supervisor_thread", "tgkill", _SUPERVISOR, _SUPERVISOR, _PROBE,
          by=_SIGNALS),
    plain("processes.signal_supervisor_task", "tkill", _SUPERVISOR, _PROBE, by=_SIGNALS),
    Attack("processes.signal_supervisor_queued", _queue_signal, _SIGNALS),
    Attack("processes.signal_supervisor_by_descriptor", _signal_by_descriptor,
           _SIGNALS | {"rlimits"}),
    Attack("processes.signal_on_a_second_thread", _second_thread_signal, _SIGNALS, on_thread=True),
    plain("processes.signal_sibling", "kill", _SIBLING, _PROBE, by=_SIGNALS),
    plain("processes.signal_everybody", "kill", -1, _PROBE, by=_ONLY),
    Attack("processes.signal_own_group", _signal_own_group, _ONLY),
    plain("processes.open_supervisor", "pidfd_open", _SUPERVISOR, 0, by=("seccomp", "rlimits")),
    Attack("processes.take_supervisor_descriptor", _take_descriptor, _MEMORY | {"rlimits"}),
    plain("processes.trace_supervisor", "ptrace", _SEIZE, _SUPERVISOR, 0, 0, by=_MEMORY),
    plain("processes.trace_sibling", "ptrace", _SEIZE, _SIBLING, 0, 0, by=_MEMORY),
    _read_memory("supervisor", "canary"),
    _read_memory("sibling", "sibling_address"),
    Attack("processes.write_supervisor_memory", _write_memory, _MEMORY),
    Attack("processes.read_supervisor_lock_list", _read_robust_list, _MEMORY),
    Attack("processes.compare_with_supervisor", _compare_with_supervisor, _MEMORY),
    plain("processes.read_supervisor_limits", "prlimit64", _SUPERVISOR, 7, None,
          out(16), by=_OTHERS),
    Attack("processes.limit_sibling", _limit_sibling, _OTHERS),
    plain("processes.slow_sibling_down", "setpriority", 0, _SIBLING, 19, by=_PACE),
    plain("processes.idle_sibling", "sched_setscheduler", _SIBLING, 5, bytes(4), by=_PACE),
    plain("processes.pin_sibling", "sched_setaffinity", _SIBLING, 8, struct.pack("<Q", 1),
          by=_PACE),
    plain("processes.starve_sibling_of_disk", "ioprio_set", 1, _SIBLING, 3 << 13, by=_PACE),
    plain("processes.read_sibling_session", "getsid", _SIBLING, by=_ONLY),
    plain("processes.read_supervisor_affinity", "sched_getaffinity", _SUPERVISOR, 128,
          out(128), by=_ONLY),
    plain("processes.move_sibling_pages", "move_pages", _SIBLING, 0, None, None, None, 0,
          by=_MEMORY),
    Attack("processes.raise_own_limit", _raise_own_limit,
           frozenset(("seccomp", "rlimits")), base=_AS_USER),
    plain("processes.raise_own_priority", "setpriority", 0, 0, -5,
          by=("seccomp", "own_user", "capabilities", "user_namespace")),
    Attack("processes.take_processor_in_real_time", _real_time, _ROOT,
           frozenset(("cgroup",))),
    plain("processes.become_root", "setuid", 0, by=_OTHERS),
    plain("processes.become_another_user", "setresuid", 1, 1, 1, by=_ROOT),
    plain("processes.join_groups", "setgroups", 1, struct.pack("<I", 0), by=_ROOT),
    Attack("processes.take_capabilities_back", _all_capabilities, _ROOT),
    plain("processes.leave_process_group", "setpgid", 0, 0, by=_ONLY),
    plain("processes.leave_session", "setsid", by=_ONLY),
    plain("processes.be_dumpable", "prctl", 4, 1, 0, 0, 0, by=_ONLY),
    plain("processes.outlive_parent", "prctl", 1, 0, 0, 0, 0, by=_ONLY),
    plain("processes.adopt_orphans", "prctl", 36, 1, 0, 0, 0, by=_ONLY),
    plain("processes.take_another_name", "prctl", 15, b"sshd\0", 0, 0, 0, by=_ONLY),
    plain("processes.redirect_own_calls", "prctl", 59, 1, 0, 0, out(8), by=_ONLY),
    plain("processes.fix_address_layout", "personality", 0x0040000, by=_ONLY),
    plain("processes.read_thread_pointer", "arch_prctl", 0x1003, out(8), by=_ONLY),
    plain("processes.learn_parent", "getppid", by=_ONLY),
    plain("processes.learn_user", "getuid", by=_ONLY),
    plain("processes.learn_usage", "getrusage", 0, out(256), by=_ONLY),
    plain("processes.learn_machine", "uname", out(512), by=_ONLY),
    plain("processes.learn_memory", "sysinfo", out(256), by=_ONLY),
)  # fmt: skip
