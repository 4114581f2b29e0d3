"""Powers over the machine, and the kernel's more dangerous doors.

What would change the machine is called so that the kernel refuses its arguments, which it looks at
only once it has found the caller privileged; ``reached`` names the error that says so.
"""

import ctypes
import errno
import os
import struct

from sandbox_child.attacks.attack import Attack, out, path, plain
from sandbox_child.attacks.kernel import AT_FDCWD, call
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.status import Control

_ONLY: frozenset[Control] = frozenset(("seccomp",))
_FILES: frozenset[Control] = frozenset(("seccomp", "rlimits"))
_ROOT: frozenset[Control] = frozenset(("seccomp", "own_user", "capabilities", "user_namespace"))
_MOUNTS: frozenset[Control] = _ROOT | {"landlock"}
_NOTHING = b"/nonexistent\0"
_INVALID = frozenset((errno.EINVAL,))
_NEW_USER = 0x10000000
_NAMESPACES = {
    "files": 0x00020000,
    "cgroups": 0x02000000,
    "host_name": 0x04000000,
    "ipc": 0x08000000,
    "processes": 0x20000000,
    "network": 0x40000000,
}
_PROCESS_KEYRING, _SESSION_KEYRING = -2, -3


def _enter_namespace(scene: Scene) -> int:
    return call("setns", scene.kept["namespace"], 0)


def _keep_namespace(scene: Scene) -> None:
    scene.kept["namespace"] = os.open("/proc/self/ns/uts", os.O_RDONLY)


def _filter_calls(_scene: Scene) -> int:
    """Put a filter of its own on itself, with a listener that would answer for the kernel."""
    allow_all = ctypes.create_string_buffer(struct.pack("<HBBI", 6, 0, 0, 0x7FFF0000), 8)
    program = struct.pack("<H6xQ", 1, ctypes.addressof(allow_all))
    return call("seccomp", 1, 8, program)


def _load_program(_scene: Scene) -> int:
    """Load a socket filter that returns 0: mov r0, 0; exit."""
    code = ctypes.create_string_buffer(bytes.fromhex("b7000000000000009500000000000000"), 16)
    licence = ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack("<IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(licence))
    return call("bpf", 5, attributes + bytes(48), 72)


def _read_ports(_scene: Scene) -> int:
    return call("ioperm", 0x80, 1, 1)


def _module_by_descriptor(scene: Scene) -> int:
    return call("finit_module", scene.descriptors[0], b"\0", 0)


_NEW_MAP = struct.pack("<IIIII", 1, 4, 8, 1, 0) + bytes(52)
_CLOCK_EVENT = struct.pack("<IIQ", 1, 112, 0) + bytes(96)
_NO_SUCH_ZONE = struct.pack("<ii", 100_000, 0)


def _namespace(what: str, flag: int) -> Attack:
    return plain(f"powers.new_namespace_of_{what}", "unshare", flag, by=_ROOT)


ATTACKS = (
    plain("powers.mount", "mount", b"x\0", path("folder"), b"nonexistent\0", 0, None,
          by=_MOUNTS, reached=frozenset((errno.ENODEV,))),
    plain("powers.unmount", "umount2", path("folder"), 0, by=_ROOT, reached=_INVALID),
    plain("powers.change_root_mount", "pivot_root", path("folder"), path("folder"), by=_MOUNTS,
          reached=frozenset((errno.EINVAL, errno.EBUSY))),
    plain("powers.open_file_system", "fsopen", b"tmpfs\0", 0, by=_ROOT | {"rlimits"}),
    plain("powers.copy_mount", "open_tree", AT_FDCWD, b"/\0", 1, by=_ROOT | {"rlimits"}),
    plain("powers.change_mount", "mount_setattr", AT_FDCWD, path("folder"), 0, bytes(32), 32,
          by=_ROOT, reached=_INVALID),
    plain("powers.list_mounts", "listmount", struct.pack("<IIQQ", 24, 0, (1 << 64) - 1, 0),
          out(), 64, 0, by=_ONLY),
    plain("powers.change_root", "chroot", path("folder"), by=_ROOT),
    plain("powers.new_namespace_of_users", "unshare", _NEW_USER, by=_ONLY),
    *(_namespace(what, flag) for what, flag in _NAMESPACES.items()),
    Attack("powers.enter_namespace", _enter_namespace, _ROOT | {"descriptors"},
           prepare=_keep_namespace),
    plain("powers.bpf_map", "bpf", 0, _NEW_MAP, 72, by=_ROOT | {"rlimits"}),
    Attack("powers.bpf_program", _load_program, _ROOT | {"rlimits"}),
    plain("powers.handle_page_faults", "userfaultfd", 1, by=_FILES),
    plain("powers.count_events", "perf_event_open", _CLOCK_EVENT, 0, -1, -1, 0,
          by=_ROOT | {"rlimits"}),
    plain("powers.io_uring", "io_uring_setup", 4, out(120), by=_FILES),
    plain("powers.old_async_io", "io_setup", 1, out(8), by=_ONLY),
    plain("powers.find_keyring", "keyctl", 0, _SESSION_KEYRING, 1, 0, 0, by=_ONLY),
    plain("powers.join_keyring", "keyctl", 1, None, 0, 0, 0, by=_ONLY),
    plain("powers.add_key", "add_key", b"user\0", b"ohd-check\0", b"v", 1, _PROCESS_KEYRING,
          by=_ONLY),
    plain("powers.request_key", "request_key", b"user\0", b"ohd-check\0", None, 0, by=_ONLY,
          reached=frozenset((errno.ENOKEY,))),
    plain("powers.load_module", "init_module", b"", 0, b"\0", by=_ROOT,
          reached=frozenset((errno.ENOEXEC, errno.EINVAL))),
    Attack("powers.load_module_file", _module_by_descriptor, _ROOT | {"descriptors"},
           reached=frozenset((errno.ENOEXEC, errno.EINVAL))),
    plain("powers.unload_module", "delete_module", b"nonexistent_ohd\0", 0, by=_ROOT,
          reached=frozenset((errno.ENOENT,))),
    plain("powers.load_kernel", "kexec_load", 0, 0, 0, 0xFFFF0000, by=_ROOT, reached=_INVALID),
    plain("powers.reboot", "reboot", 0, 0, 0, 0, by=_ROOT, reached=_INVALID),
    plain("powers.read_kernel_log", "syslog", 10, 0, 0, by=_ROOT),
    plain("powers.set_time", "settimeofday", None, _NO_SUCH_ZONE, by=_ROOT, reached=_INVALID),
    plain("powers.watch_clock_discipline", "adjtimex", out(256), by=_ONLY),
    plain("powers.set_host_name", "sethostname", b"x\0", -1, by=_ROOT, reached=_INVALID),
    plain("powers.set_domain_name", "setdomainname", b"x\0", -1, by=_ROOT, reached=_INVALID),
    plain("powers.swap_on", "swapon", _NOTHING, 0, by=_ROOT, reached=frozenset((errno.ENOENT,))),
    plain("powers.swap_off", "swapoff", _NOTHING, by=_ROOT, reached=frozenset((errno.ENOENT,))),
    plain("powers.account", "acct", _NOTHING, by=_ROOT, reached=frozenset((errno.ENOENT,))),
    plain("powers.set_quota", "quotactl", 0x80000800, _NOTHING, 0, None, by=_ONLY,
          reached=frozenset((errno.ENOENT,))),
    plain("powers.use_ports", "iopl", 3, by=_ROOT),
    Attack("powers.use_one_port", _read_ports, _ROOT),
    plain("powers.read_segment_table", "modify_ldt", 0, out(), 4096, by=_ONLY),
    plain("powers.make_landlock_rules", "landlock_create_ruleset",
          struct.pack("<QQQ", 1, 0, 0), 8, 0, by=_FILES),
    Attack("powers.filter_own_calls", _filter_calls, _FILES, base=frozenset(("no_new_privs",))),
    plain("powers.list_security_modules", "lsm_list_modules", out(),
          struct.pack("<I", 4096), 0, by=_ONLY),
)  # fmt: skip
