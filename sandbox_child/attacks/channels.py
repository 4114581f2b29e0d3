"""Ways to talk beside the child's two pipes: descriptors, System V objects, queues, timers."""

import ctypes
import struct
from collections.abc import Callable

from sandbox_child.attacks.attack import Attack, number, out, plain
from sandbox_child.attacks.kernel import Refused, call, io_vector, room
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.libc import libc
from sandbox_child.lockdown.status import Control

_ONLY: frozenset[Control] = frozenset(("seccomp",))
_MAKING: frozenset[Control] = frozenset(("seccomp", "rlimits"))
_INHERITED: frozenset[Control] = frozenset(("seccomp", "descriptors"))
_IPC: frozenset[Control] = frozenset(("seccomp", "ipc_namespace"))
_CREATE, _PRIVATE = 0o1600, 0
_REMOVE = 0
_SECRET = b"OHD_CHECK_SECRET"


def _shared_memory(_scene: Scene) -> int:
    segment = call("shmget", _PRIVATE, 4096, _CREATE)
    call("shmctl", segment, _REMOVE, None)
    return segment


def _message_queue(_scene: Scene) -> int:
    queue = call("msgget", _PRIVATE, _CREATE)
    call("msgctl", queue, _REMOVE, None)
    return queue


def _semaphore(_scene: Scene) -> int:
    semaphore = call("semget", _PRIVATE, 1, _CREATE)
    call("semctl", semaphore, 0, _REMOVE, 0)
    return semaphore


def _posix_queue(_scene: Scene) -> int:
    queue = call("mq_open", b"ohd-check\0", 0o102, 0o600, None)
    call("mq_unlink", b"ohd-check\0")
    return queue


def _supervisor_segment(scene: Scene) -> int:
    segment = call("shmget", scene.number("shared_key"), 0, 0)
    return call("shmat", segment, 0, 0o10000)


def _vector_write(_scene: Scene) -> int:
    vector = io_vector(ctypes.addressof(room(1)), 0)
    return call("writev", 1, vector, 1)


def _gift_pages(_scene: Scene) -> int:
    vector = io_vector(ctypes.addressof(room(1)), 0)
    return call("vmsplice", 1, vector, 1, 0)


def _read_inherited(scene: Scene) -> int:
    return call("read", scene.descriptors[0], room(), 16)


def _read_inherited_at(scene: Scene) -> int:
    return call("pread64", scene.descriptors[0], room(), 16, 0)


def _seek_inherited(scene: Scene) -> int:
    return call("lseek", scene.descriptors[0], 0, 0)


def _stat_inherited(scene: Scene) -> int:
    return call("fstat", scene.descriptors[0], room(256))


def _empty_inherited(scene: Scene) -> int:
    return call("fsync", scene.descriptors[0])


def _copy_inherited(scene: Scene) -> int:
    return call("dup", scene.descriptors[0])


def _clock_of(name: str) -> Callable[[Scene], int]:
    """Return an argument: the processor clock of another process, as the kernel numbers it."""
    return lambda scene: (~scene.number(name) << 3) | 2


def _plant_secret(_scene: Scene) -> None:
    libc.setenv(_SECRET, b"secret", 1)


def _find_secret(_scene: Scene) -> str:
    libc.getenv.restype = ctypes.c_char_p
    found: bytes | None = libc.getenv(_SECRET)
    if found is None:
        raise Refused(2, "getenv")
    return found.decode()


ATTACKS = (
    Attack("channels.read_inherited_file", _read_inherited, _INHERITED),
    Attack("channels.read_inherited_file_anywhere", _read_inherited_at, _INHERITED),
    Attack("channels.seek_inherited_file", _seek_inherited, _INHERITED),
    Attack("channels.stat_inherited_file", _stat_inherited, _INHERITED),
    Attack("channels.flush_inherited_file", _empty_inherited, _INHERITED),
    Attack("channels.copy_inherited_file", _copy_inherited, _INHERITED | {"rlimits"}),
    Attack("channels.find_secret_in_environment", _find_secret,
           frozenset(("empty_surroundings",)), prepare=_plant_secret),
    plain("channels.copy_pipe", "dup", 0, by=_MAKING),
    plain("channels.copy_pipe_to", "dup3", 0, 9, 0, by=_MAKING),
    plain("channels.copy_pipe_the_old_way", "dup2", 0, 9, by=_MAKING),
    plain("channels.copy_pipe_by_fcntl", "fcntl", 0, 0, 3, by=_MAKING),
    plain("channels.signal_by_pipe", "fcntl", 0, 8, number("supervisor"), by=_ONLY),
    plain("channels.grow_pipe", "fcntl", 0, 1031, 1 << 17, by=_ONLY),
    plain("channels.unblock_pipe", "fcntl", 1, 4, 0o4000, by=_ONLY),
    plain("channels.count_pipe", "ioctl", 0, 0x541B, out(8), by=_ONLY),
    Attack("channels.write_by_vector", _vector_write, _ONLY),
    Attack("channels.gift_pages", _gift_pages, _ONLY),
    plain("channels.make_pipe", "pipe2", out(8), 0, by=_MAKING),
    plain("channels.make_pipe_the_old_way", "pipe", out(8), by=_MAKING),
    plain("channels.make_event", "eventfd2", 0, 0, by=_MAKING),
    plain("channels.make_poll", "epoll_create1", 0, by=_MAKING),
    plain("channels.make_signal_file", "signalfd4", -1, bytes(8), 8, 0, by=_MAKING),
    plain("channels.make_timer_file", "timerfd_create", 1, 0, by=_MAKING),
    plain("channels.make_timer", "timer_create", 1, None, out(8), by=_MAKING),
    plain("channels.make_alarm", "setitimer", 0, struct.pack("<4q", 0, 0, 0, 0), None, by=_ONLY),
    plain("channels.poll", "ppoll", None, 0, bytes(16), None, 8, by=_ONLY),
    Attack("channels.make_shared_memory", _shared_memory, _ONLY),
    Attack("channels.make_message_queue", _message_queue, _ONLY),
    Attack("channels.make_semaphore", _semaphore, _ONLY),
    Attack("channels.make_posix_queue", _posix_queue, _MAKING | {"landlock"},
           frozenset(("ipc_namespace",))),
    Attack("channels.join_supervisor_shared_memory", _supervisor_segment, _IPC),
    plain("channels.lock_with_inheritance", "futex", out(8), 6, 0, None, None, 0,
          by=_ONLY),
    plain("channels.wake_on_shared_page", "futex", out(8), 1, 1, None, None, 0, by=_ONLY),
    plain("channels.wake_some_on_shared_page", "futex", out(8), 10, 1, None, None, 1, by=_ONLY),
    plain("channels.wait_on_shared_page", "futex", out(8), 0, 1, None, None, 0, by=_ONLY,
          reached=frozenset((11,))),
    plain("channels.wait_for_some_on_shared_page", "futex", out(8), 9, 1, None, None, 1, by=_ONLY,
          reached=frozenset((11,))),
    plain("channels.read_supervisor_clock", "clock_gettime", _clock_of("supervisor"), out(16),
          by=_ONLY),
    plain("channels.find_process_by_its_clock", "clock_getres", _clock_of("supervisor"), out(16),
          by=_ONLY),
    plain("channels.sleep_by_supervisor_clock", "clock_nanosleep", _clock_of("supervisor"), 0,
          bytes(16), None, by=_ONLY),
    plain("channels.read_clock_of_a_device", "clock_gettime", ~0 << 3 | 3, out(16), by=_ONLY,
          reached=frozenset((22,))),
    plain("channels.sleep_by_another_clock", "clock_nanosleep", 7, 0, bytes(16), None, by=_ONLY),
    plain("channels.drain_the_random_pool", "getrandom", out(8), 8, 2, by=_ONLY),
    plain("channels.wait_on_many_locks", "futex_waitv", None, 0, 0, None, 1, by=_ONLY,
          reached=frozenset((22,))),
    plain("channels.order_all_threads", "membarrier", 0, 0, 0, by=_ONLY),
    plain("channels.read_clock", "clock_gettime", 1, out(16), by=(),
          harmless="reading a clock is what WASI offers a guest"),
    plain("channels.read_random", "getrandom", out(8), 8, 0, by=(),
          harmless="random numbers are what WASI offers a guest"),
    plain("channels.read_own_pid", "getpid", by=(), harmless="its number tells nothing"),
)  # fmt: skip
