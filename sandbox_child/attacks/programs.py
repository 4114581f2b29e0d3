"""Tiny programs for the attacks that run one: what came of it is their exit status. See elf(5)."""

import os
import platform
import struct
from pathlib import Path

from sandbox_child.attacks.kernel import Unsuited
from sandbox_child.attacks.scene import Scene

RAN = 42
"""Exit status of a program that could do what it is for."""

_ELF = b"\x7fELF\x02\x01\x01" + bytes(9)
_LOAD_AT = 0x400000
_HEADERS = 64 + 56
_MACHINES = {"x86_64": 62, "aarch64": 183}
_EXIT_42 = {
    # mov edi, 42; mov eax, 60 (exit); syscall
    "x86_64": bytes.fromhex("bf2a000000 b83c000000 0f05"),
    # mov x0, #42; mov x8, #93 (exit); svc #0
    "aarch64": bytes.fromhex("400580d2 a80b80d2 010000d4"),
}
# test eax, eax; mov edi, 42; jz +2; xor edi, edi; mov eax, 60 (exit); syscall
_EXIT_42_IF_ZERO = "85c0 bf2a000000 7402 31ff b83c000000 0f05"
_AM_I_ROOT = {
    # mov eax, 107 (geteuid); syscall
    "x86_64": bytes.fromhex("b86b000000 0f05" + _EXIT_42_IF_ZERO),
}
_MAY_I_CHROOT = {
    # lea rdi, [rip + the string behind the code]; mov eax, 161 (chroot); syscall
    "x86_64": bytes.fromhex("488d3d19000000 b8a1000000 0f05" + _EXIT_42_IF_ZERO + "2f00"),
}


def plain_program(scene: Scene) -> None:
    """A program that everybody may run."""
    _make(scene, _EXIT_42, 0o755)


def setuid_program(scene: Scene) -> None:
    """A program that takes on the rights of the check's user, as su(1) does."""
    _make(scene, _AM_I_ROOT, 0o4755)


def chroot_program(scene: Scene) -> None:
    """A program that tries what needs a capability."""
    _make(scene, _MAY_I_CHROOT, 0o755)


def _make(scene: Scene, code: dict[str, bytes], mode: int) -> None:
    """Write the program where nobody else may write, and keep its path as ``program``."""
    machine = platform.machine()
    if machine not in code:
        raise Unsuited(f"the program for this attack is not written for {machine}")
    path = Path(os.fsdecode(scene.path("programs")[:-1])) / f"program-{os.getpid()}"
    path.write_bytes(_executable(code[machine], _MACHINES[machine]))
    path.chmod(mode)
    scene.kept["program"] = os.fsencode(path) + b"\0"


def _executable(code: bytes, machine: int) -> bytes:
    """Return a static program with one segment, which holds the headers and the code."""
    size = _HEADERS + len(code)
    header = _ELF + struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, _LOAD_AT + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_AT, _LOAD_AT, size, size, 0x10000)
    return header + segment + code
