"""Memory: code that was not there before, and more of it than is allowed."""

import ctypes
import platform
from collections.abc import Callable
from pathlib import Path

from sandbox_child.attacks.attack import Attack, plain
from sandbox_child.attacks.kernel import AT_FDCWD, PAGE, Refused, Unsuited, call, room
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.libc import libc
from sandbox_child.lockdown.status import Control

_ONLY: frozenset[Control] = frozenset(("seccomp",))
_NEW_CODE: frozenset[Control] = frozenset(("seccomp", "no_writable_code"))
_SIZE: frozenset[Control] = frozenset(("seccomp", "rlimits"))
_LIMIT: frozenset[Control] = frozenset(("rlimits",))
_AS_USER: frozenset[Control] = frozenset(("own_user",))
_READ, _WRITE, _EXECUTE = 1, 2, 4
_SHARED, _PRIVATE, _ANONYMOUS, _GROWS_DOWN = 0x01, 0x02, 0x20, 0x100
_LOCKED, _NO_RESERVE, _POPULATE = 0x2000, 0x4000, 0x8000
_ORDINARY = _PRIVATE | _ANONYMOUS
_MIB, _GIB, _TIB = 1 << 20, 1 << 30, 1 << 40
_PUBLISHES = "a compiler makes the code that it wrote executable, never writable at once"
# Returns 42: mov eax, 42; ret and mov w0, #42; ret.
_CODE = {
    "x86_64": bytes.fromhex("b82a000000c3"),
    "aarch64": bytes.fromhex("40058052c0035fd6"),
}


def _map(size: int, protection: int, flags: int, descriptor: int = -1) -> int:
    return call("mmap", 0, size, protection, flags, descriptor, 0)


def _mapping(size: int, protection: int, flags: int) -> Callable[[Scene], str]:
    def attempt(_scene: Scene) -> str:
        _map(size, protection, flags)
        return f"{size:,} bytes"

    return attempt


def _code() -> bytes:
    try:
        return _CODE[platform.machine()]
    except KeyError:
        raise Unsuited("no code for this kind of machine") from None


def _run_code(address: int) -> str:
    return f"code returned {ctypes.CFUNCTYPE(ctypes.c_int)(address)()}"


def _write_then_run(_scene: Scene) -> str:
    code = _code()
    page = _map(PAGE, _READ | _WRITE, _ORDINARY)
    ctypes.memmove(page, code, len(code))
    call("mprotect", page, PAGE, _READ | _EXECUTE)
    return _run_code(page)


def _write_and_run(_scene: Scene) -> str:
    code = _code()
    page = _map(PAGE, _READ | _WRITE | _EXECUTE, _ORDINARY)
    ctypes.memmove(page, code, len(code))
    return _run_code(page)


def _writable_and_executable(_scene: Scene) -> int:
    page = _map(PAGE, _READ | _WRITE, _ORDINARY)
    return call("mprotect", page, PAGE, _READ | _WRITE | _EXECUTE)


def _with_key(_scene: Scene) -> int:
    page = _map(PAGE, _READ | _WRITE, _ORDINARY)
    return call("pkey_mprotect", page, PAGE, _READ | _EXECUTE, -1)


def _run_memory_file(_scene: Scene) -> int:
    descriptor = call("memfd_create", b"code\0", 0)
    call("ftruncate", descriptor, PAGE)
    return _map(PAGE, _READ | _EXECUTE, _PRIVATE, descriptor)


def _run_file(scene: Scene) -> int:
    descriptor = call("openat", AT_FDCWD, scene.path("readable"), 0, 0)
    return _map(PAGE, _READ | _EXECUTE, _PRIVATE, descriptor)


def _map_inherited(scene: Scene) -> int:
    return _map(PAGE, _READ, _PRIVATE, scene.descriptors[0])


def _find_writable_code(scene: Scene) -> None:
    """Find the page into which ctypes writes what C code calls back."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, permissions = line.split()[:2]
        if "w" in permissions and "x" in permissions:
            scene.kept["page"] = int(span.split("-")[1], 16) - 16
            return
    raise Unsuited("this Python keeps no page that is writable and executable")


def _use_writable_code(scene: Scene) -> str:
    code = _code()
    ctypes.memmove(scene.kept["page"], code, len(code))
    return "written over code"


def _own_code(_scene: Scene) -> int:
    """Take execution from a page of the C library and give it back, changed in between."""
    page = (ctypes.cast(libc.getenv, ctypes.c_void_p).value or 0) & ~(PAGE - 1)
    call("mprotect", page, PAGE, _READ | _WRITE)
    return call("mprotect", page, PAGE, _READ | _EXECUTE)


def _hoard(_scene: Scene) -> str:
    """Use twice the memory that the check allows a child."""
    size = 512 * _MIB
    memory = _map(size, _READ | _WRITE, _ORDINARY)
    for offset in range(0, size, PAGE):
        ctypes.memset(memory + offset, 1, 1)
    return f"{size:,} bytes in use"


def _grow_heap(_scene: Scene) -> str:
    size = 512 * _MIB
    end = call("brk", 0)
    if call("brk", end + size) < end + size:
        raise Refused(12, "brk")
    return f"{size:,} bytes"


def _small_maps(_scene: Scene) -> str:
    """Map in pieces what may not be mapped at once."""
    for _ in range(512):
        _map(_MIB, _READ | _WRITE, _ORDINARY | _NO_RESERVE)
    return "512 pieces of a mebibyte"


def _move_and_grow(_scene: Scene) -> int:
    page = _map(PAGE, _READ | _WRITE, _ORDINARY)
    return call("mremap", page, PAGE, 2 * PAGE, 1, 0)


def _advise(what: int) -> Callable[[Scene], int]:
    def attempt(_scene: Scene) -> int:
        page = _map(PAGE, _READ | _WRITE, _ORDINARY)
        return call("madvise", page, PAGE, what)

    return attempt


def _on_page(syscall: str, *more: int) -> Callable[[Scene], int]:
    def attempt(_scene: Scene) -> int:
        return call(syscall, _map(PAGE, _READ | _WRITE, _ORDINARY), PAGE, *more)

    return attempt


ATTACKS = (
    Attack("memory.write_then_run", _write_then_run, _NEW_CODE, compiler_may=_PUBLISHES),
    Attack("memory.write_and_run_at_once", _write_and_run, _NEW_CODE),
    Attack("memory.make_writable_executable", _writable_and_executable, _NEW_CODE),
    Attack("memory.make_executable_with_key", _with_key, _NEW_CODE),
    Attack("memory.map_executable", _mapping(PAGE, _READ | _EXECUTE, _ORDINARY), _ONLY),
    Attack("memory.map_shared_executable", _mapping(PAGE, 7, _SHARED | _ANONYMOUS), _NEW_CODE),
    Attack("memory.run_memory_file", _run_memory_file, frozenset(("seccomp", "rlimits"))),
    Attack("memory.run_mapped_file", _run_file, frozenset(("seccomp", "landlock", "rlimits"))),
    Attack("memory.map_inherited_file", _map_inherited, frozenset(("seccomp", "descriptors"))),
    Attack("memory.write_over_callback_code", _use_writable_code, frozenset(("sealed_pages",)),
           prepare=_find_writable_code),
    Attack("memory.change_library_code", _own_code, _NEW_CODE, compiler_may=_PUBLISHES),
    Attack("memory.map_shared", _mapping(PAGE, 3, _SHARED | _ANONYMOUS), _ONLY),
    Attack("memory.map_shared_6_gib", _mapping(6 * _GIB, 3, _SHARED | _ANONYMOUS | _NO_RESERVE),
           _SIZE),
    Attack("memory.map_growing", _mapping(PAGE, 3, _ORDINARY | _GROWS_DOWN), _ONLY),
    Attack("memory.map_growing_6_gib",
           _mapping(6 * _GIB, 3, _ORDINARY | _GROWS_DOWN | _NO_RESERVE), _SIZE),
    Attack("memory.map_prefaulted", _mapping(PAGE, 3, _ORDINARY | _POPULATE), _ONLY),
    Attack("memory.map_locked", _mapping(PAGE, 3, _ORDINARY | _LOCKED), _SIZE, base=_AS_USER),
    Attack("memory.map_huge_pages", _mapping(2 * _MIB, 3, _ORDINARY | 0x40000), _ONLY),
    Attack("memory.reserve_1_tib", _mapping(_TIB, _READ, _ORDINARY | _NO_RESERVE), _LIMIT),
    Attack("memory.hoard", _hoard, frozenset(("rlimits", "cgroup"))),
    Attack("memory.hoard_in_pieces", _small_maps, _LIMIT),
    Attack("memory.grow_heap", _grow_heap, _LIMIT),
    Attack("memory.move_and_grow", _move_and_grow, _ONLY),
    Attack("memory.lock", _on_page("mlock"), _SIZE, base=_AS_USER),
    Attack("memory.lock_on_fault", _on_page("mlock2", 1), _SIZE, base=_AS_USER),
    plain("memory.lock_everything", "mlockall", 2, by=_SIZE, base=_AS_USER),
    Attack("memory.share_pages", _advise(12), _ONLY),
    Attack("memory.prefault", _advise(23), _ONLY),
    Attack("memory.keep_from_children", _advise(10), _ONLY),
    Attack("memory.seal", _on_page("mseal", 0), _ONLY),
    Attack("memory.see_what_is_resident",
           lambda _s: call("mincore", _map(PAGE, 3, _ORDINARY), PAGE, room(8)), _ONLY),
    Attack("memory.bind_to_node", _on_page("mbind", 0, 0, 0, 0), _ONLY),
    plain("memory.prefer_node", "set_mempolicy", 0, None, 0, by=_ONLY),
    plain("memory.make_secret", "memfd_secret", 0, by=("seccomp", "rlimits")),
    plain("memory.make_file", "memfd_create", b"x\0", 0, by=("seccomp", "rlimits")),
    plain("memory.make_key", "pkey_alloc", 0, 0, by=_ONLY),
    plain("memory.make_shadow_stack", "map_shadow_stack", 0, PAGE, 0, by=_ONLY),
    Attack("memory.map_ordinary", _mapping(PAGE, 3, _ORDINARY), frozenset(),
           harmless="private memory within the limit is what a guest is given"),
)  # fmt: skip
