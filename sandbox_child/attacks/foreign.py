"""Calls in another machine's language, which a filter that looks at numbers alone would miss."""

import ctypes
import mmap
import platform

from sandbox_child.attacks.attack import Attack
from sandbox_child.attacks.kernel import Refused, Unsuited, number_of, raw_call, room
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.libc import libc
from sandbox_child.lockdown.status import Control
from sandbox_child.lockdown.syscalls import this_architecture

_ONLY: frozenset[Control] = frozenset(("seccomp",))
_READ_EXECUTE = 5
# mov eax, N; int 0x80; ret. N as i386 numbers it.
_STUB = "b8{number:02x}000000cd80c3"
_I386 = {"getpid": 20, "getuid": 24, "getppid": 64}


def _prepare(number: int, scene: Scene) -> None:
    """Stand for code that an attacker found in the process: the two bytes are easily come by."""
    if platform.machine() != "x86_64":
        raise Unsuited("only x86-64 machines run i386 calls this way")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    page.write(bytes.fromhex(_STUB.format(number=number)))
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(4096), _READ_EXECUTE)
    scene.kept["page"] = page
    scene.kept["stub"] = ctypes.CFUNCTYPE(ctypes.c_int)(address)


def _enter(scene: Scene) -> str:
    result = scene.kept["stub"]()
    if result < 0:
        raise Refused(-result, "int 0x80")
    return f"the kernel answered {result}"


def _i386(what: str) -> Attack:
    number = _I386[what]
    return Attack(
        f"foreign.i386_{what}", _enter, _ONLY, prepare=lambda scene: _prepare(number, scene)
    )


def _x32(name: str) -> Attack:
    def attempt(_scene: Scene) -> int:
        bit = this_architecture().x32_bit
        if bit is None:
            raise Unsuited("only x86-64 machines have x32 calls")
        return raw_call(bit | number_of(name), name, room(), 64, 0)

    return Attack(f"foreign.x32_{name}", attempt, _ONLY)


def _upper_half(_scene: Scene) -> int:
    """Hide the call in a number whose upper half is not zero; the kernel takes the lower one."""
    return raw_call((1 << 32) | number_of("getuid"), "getuid")


ATTACKS = (
    _i386("getpid"),
    _i386("getuid"),
    _i386("getppid"),
    _x32("getpid"),
    _x32("getrandom"),
    Attack("foreign.number_with_upper_half", _upper_half, _ONLY),
)
