"""Files: read, written, made, destroyed, looked at."""

import ctypes
import os
import struct

from sandbox_child.attacks.attack import Attack, fresh, new_path, out, path, plain
from sandbox_child.attacks.kernel import AT_FDCWD, Refused, call, room
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.status import Control

_OPENING: tuple[Control, ...] = ("seccomp", "landlock", "rlimits")
_CHANGING: tuple[Control, ...] = ("seccomp", "landlock")
# In a folder that many may write, as /tmp, a file is removed and renamed by its owner alone.
_TAKING: tuple[Control, ...] = (*_CHANGING, "own_user")
_OWNING: tuple[Control, ...] = ("seccomp", "own_user")
# A process that has changed its user does not own its files in /proc any more.
_OWN: tuple[Control, ...] = (*_OPENING, "own_user")
_HIDDEN: frozenset[Control] = frozenset(("not_dumpable",))
_SEES: tuple[Control, ...] = ("seccomp",)
_WRITE, _CREATE, _TRUNCATE, _APPEND = 0o1, 0o100, 0o1000, 0o2000
_DIRECTORY, _PATH_ONLY, _UNNAMED = os.O_DIRECTORY, os.O_PATH, os.O_TMPFILE
_READABLE = path("readable")
_FIFO = 0o010600
_SUPERVISOR_ONLY: tuple[Control, ...] = (*_OPENING, "own_user", "capabilities", "user_namespace")


def _list_folder(scene: Scene) -> str:
    descriptor = call("openat", AT_FDCWD, scene.path("programs"), _DIRECTORY, 0)
    return f"{call('getdents64', descriptor, room(), 4096)} bytes of names"


def _read(scene: Scene, what: bytes) -> bytes:
    del scene
    buffer = room()
    descriptor = call("openat", AT_FDCWD, what, 0, 0)
    return buffer.raw[: call("read", descriptor, buffer, 4096)]


def _read_content(scene: Scene) -> str:
    return f"{len(_read(scene, scene.path('readable')))} bytes"


def _read_supervisor_memory(scene: Scene) -> str:
    descriptor = call("openat", AT_FDCWD, _of_supervisor(scene, "mem"), 0, 0)
    buffer = room(16)
    call("pread64", descriptor, buffer, 16, scene.number("canary"))
    return buffer.raw.hex()


def _write_supervisor_memory(scene: Scene) -> int:
    descriptor = call("openat", AT_FDCWD, _of_supervisor(scene, "mem"), _WRITE, 0)
    return call("pwrite64", descriptor, b"pwned", 5, scene.number("scratch"))


def _write_own_memory(_scene: Scene) -> int:
    mine = ctypes.create_string_buffer(8)
    descriptor = call("openat", AT_FDCWD, b"/proc/self/mem", 2, 0)
    return call("pwrite64", descriptor, b"x", 1, ctypes.addressof(mine))


def _of_supervisor(scene: Scene, file: str) -> bytes:
    return f"/proc/{scene.number('supervisor')}/{file}".encode()


def _open_of(who: str, file: str, flags: int = 0) -> Attack:
    def attempt(scene: Scene) -> int:
        return call("openat", AT_FDCWD, f"/proc/{scene.number(who)}/{file}".encode(), flags, 0)

    return Attack(
        f"files.open_{who}_{file.split('/', maxsplit=1)[0]}", attempt, frozenset(_SUPERVISOR_ONLY)
    )


def _take_supervisor_descriptor(scene: Scene) -> int:
    file = f"/proc/{scene.number('supervisor')}/fd/{scene.number('supervisor_descriptor')}"
    return call("openat", AT_FDCWD, file.encode(), 0, 0)


def _stay_in_folder(scene: Scene) -> None:
    os.chdir(os.fsdecode(scene.path("folder")[:-1]))


def _working_directory(_scene: Scene) -> str:
    buffer = room()
    call("getcwd", buffer, 4096)
    if buffer.value == b"/":
        raise Refused(2, "getcwd")
    return os.fsdecode(buffer.value)


def _read_beside_working_directory(_scene: Scene) -> int:
    return call("openat", AT_FDCWD, b"readable", 0, 0)


def _open_by_handle(scene: Scene) -> int:
    """Reach a file past every folder's permissions."""
    handle = ctypes.create_string_buffer(struct.pack("<Ii", 128, 0), 136)
    mount = room(8)
    call("name_to_handle_at", AT_FDCWD, scene.path("readable"), handle, mount, 0)
    return call("open_by_handle_at", AT_FDCWD, handle, 0)


def _set_attribute(scene: Scene) -> int:
    return call("setxattr", scene.kept["fresh"], b"user.ohd\0", b"1", 1, 0)


def _open_zero(_scene: Scene) -> int:
    return call("openat", AT_FDCWD, b"/dev/zero", 0, 0)


def _lower_own_fate(_scene: Scene) -> int:
    descriptor = call("openat", AT_FDCWD, b"/proc/self/oom_score_adj", _WRITE, 0)
    return call("write", descriptor, b"1000", 4)


ATTACKS = (
    Attack("files.read", _read_content, frozenset(_OPENING)),
    plain("files.open_the_old_way", "open", _READABLE, 0, 0, by=_OPENING),
    plain(
        "files.open_the_new_way", "openat2", AT_FDCWD, _READABLE,
        struct.pack("<QQQ", 0, 0, 0), 24, by=_OPENING,
    ),
    plain("files.open_to_write", "openat", AT_FDCWD, path("writable"), _WRITE, 0, by=_OPENING),
    plain(
        "files.open_to_append", "openat", AT_FDCWD, path("writable"), _WRITE | _APPEND, 0,
        by=_OPENING,
    ),
    plain(
        "files.open_and_empty", "openat", AT_FDCWD, fresh, _WRITE | _TRUNCATE, 0,
        by=_OPENING, prepare=Scene.fresh_file,
    ),
    plain("files.create", "openat", AT_FDCWD, new_path, _WRITE | _CREATE, 0o600, by=_OPENING),
    plain("files.create_the_old_way", "creat", new_path, 0o600, by=_OPENING),
    plain(
        "files.create_unnamed", "openat", AT_FDCWD, path("folder"), _UNNAMED | _WRITE, 0o600,
        by=_OPENING,
    ),
    plain("files.open_path_only", "openat", AT_FDCWD, _READABLE, _PATH_ONLY, 0,
          by=("seccomp", "rlimits")),
    Attack("files.list_folder", _list_folder, frozenset(_OPENING)),
    plain("files.open_private", "openat", AT_FDCWD, path("private"), 0, 0,
          by=(*_OPENING, "own_user")),
    plain("files.open_password_file", "openat", AT_FDCWD, b"/etc/passwd\0", 0, 0, by=_OPENING),
    plain("files.open_own_descriptor", "openat", AT_FDCWD, b"/proc/self/fd/0\0", _WRITE, 0,
          by=("seccomp", "rlimits", "own_user")),
    plain("files.open_own_environment", "openat", AT_FDCWD, b"/proc/self/environ\0", 0, 0,
          by=_OWN, perhaps=_HIDDEN),
    plain("files.open_own_maps", "openat", AT_FDCWD, b"/proc/self/maps\0", 0, 0, by=_OPENING),
    plain("files.open_null_device", "openat", AT_FDCWD, b"/dev/null\0", 2, 0, by=_OPENING),
    plain("files.open_new_terminal", "openat", AT_FDCWD, b"/dev/ptmx\0", 2, 0, by=_OPENING),
    plain("files.open_kernel_log", "openat", AT_FDCWD, b"/dev/kmsg\0", 0, 0,
          by=(*_OPENING, "own_user", "capabilities")),
    Attack("files.open_zero_device", _open_zero, frozenset(_OPENING)),
    Attack("files.write_own_memory", _write_own_memory, frozenset(_OWN), _HIDDEN),
    Attack("files.change_own_fate", _lower_own_fate, frozenset(_OWN), _HIDDEN),
    _open_of("supervisor", "environ"),
    _open_of("supervisor", "maps"),
    _open_of("supervisor", "cwd/.", _DIRECTORY),
    _open_of("supervisor", "root/.", _DIRECTORY),
    _open_of("sibling", "mem"),
    _open_of("sibling", "environ"),
    Attack("files.read_supervisor_memory", _read_supervisor_memory, frozenset(_SUPERVISOR_ONLY)),
    Attack("files.write_supervisor_memory", _write_supervisor_memory, frozenset(_SUPERVISOR_ONLY)),
    Attack(
        "files.take_supervisor_descriptor", _take_supervisor_descriptor,
        frozenset(_SUPERVISOR_ONLY),
    ),
    plain("files.stat", "newfstatat", AT_FDCWD, _READABLE, out(256), 0, by=_SEES),
    plain("files.stat_the_old_way", "stat", _READABLE, out(256), by=_SEES),
    plain("files.stat_link", "lstat", _READABLE, out(256), by=_SEES),
    plain("files.stat_the_new_way", "statx", AT_FDCWD, _READABLE, 0, 0xFFF, out(256),
          by=_SEES),
    plain("files.ask_access", "faccessat", AT_FDCWD, _READABLE, 4, by=_SEES),
    plain("files.ask_access_the_old_way", "access", _READABLE, 4, by=_SEES),
    plain("files.read_link", "readlinkat", AT_FDCWD, path("link"), out(), 4096, by=_SEES),
    plain("files.read_link_the_old_way", "readlink", path("link"), out(), 4096, by=_SEES),
    plain("files.read_file_system", "statfs", _READABLE, out(256), by=_SEES),
    plain("files.read_attributes", "listxattr", _READABLE, out(), 4096, by=_SEES),
    plain("files.make_folder", "mkdirat", AT_FDCWD, new_path, 0o700, by=_CHANGING),
    plain("files.make_folder_the_old_way", "mkdir", new_path, 0o700, by=_CHANGING),
    plain("files.make_pipe", "mknodat", AT_FDCWD, new_path, _FIFO, 0, by=_CHANGING),
    plain("files.make_link", "symlinkat", b"/etc/passwd\0", AT_FDCWD, new_path, by=_CHANGING),
    plain("files.make_link_the_old_way", "symlink", b"/etc/passwd\0", new_path, by=_CHANGING),
    plain("files.make_hard_link", "linkat", AT_FDCWD, fresh, AT_FDCWD, new_path, 0,
          by=_CHANGING, prepare=Scene.fresh_file),
    plain("files.delete", "unlinkat", AT_FDCWD, fresh, 0, by=_TAKING, prepare=Scene.fresh_file),
    plain("files.delete_the_old_way", "unlink", fresh, by=_TAKING, prepare=Scene.fresh_file),
    plain("files.delete_folder", "unlinkat", AT_FDCWD, fresh, 0x200,
          by=_TAKING, prepare=Scene.fresh_folder),
    plain("files.delete_folder_the_old_way", "rmdir", fresh, by=_TAKING,
          prepare=Scene.fresh_folder),
    plain("files.rename", "renameat2", AT_FDCWD, fresh, AT_FDCWD, new_path, 0,
          by=_TAKING, prepare=Scene.fresh_file),
    plain("files.rename_the_old_way", "rename", fresh, new_path, by=_TAKING,
          prepare=Scene.fresh_file),
    plain("files.empty", "truncate", fresh, 0, by=_CHANGING, prepare=Scene.fresh_file),
    plain("files.change_mode", "fchmodat", AT_FDCWD, fresh, 0o4777,
          by=_OWNING, prepare=Scene.fresh_file),
    plain("files.change_mode_the_old_way", "chmod", fresh, 0o4777,
          by=_OWNING, prepare=Scene.fresh_file),
    plain("files.change_owner", "fchownat", AT_FDCWD, fresh, 1, 1, 0,
          by=(*_OWNING, "capabilities"), prepare=Scene.fresh_file),
    plain("files.change_times", "utimensat", AT_FDCWD, fresh, None, 0,
          by=_SEES, prepare=Scene.fresh_file),
    Attack("files.change_attribute", _set_attribute, frozenset(_SEES), prepare=Scene.fresh_file),
    plain("files.change_working_directory", "chdir", path("folder"), by=_SEES),
    Attack("files.learn_working_directory", _working_directory,
           frozenset(("seccomp", "empty_surroundings")), prepare=_stay_in_folder),
    Attack("files.open_beside_working_directory", _read_beside_working_directory,
           frozenset((*_OPENING, "empty_surroundings")), prepare=_stay_in_folder),
    Attack("files.open_by_handle", _open_by_handle,
           frozenset((*_OPENING, "own_user", "capabilities", "user_namespace"))),
    plain("files.watch", "inotify_init1", 0, by=("seccomp", "rlimits")),
    plain("files.watch_everything", "fanotify_init", 0, 0,
          by=("seccomp", "rlimits", "own_user", "capabilities")),
    Attack("files.read_on_a_second_thread", _read_content, frozenset(_OPENING), on_thread=True),
)  # fmt: skip
