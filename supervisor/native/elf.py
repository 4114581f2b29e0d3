"""ELF programs: whether bytes are one that this machine runs. Pure. See elf(5).

Only what decides that is read: the header, and whether a program header names an interpreter. The
kernel's own loader reads the rest, once the process is locked down.
"""

import struct
from dataclasses import dataclass

from supervisor.native.errors import NotAProgram

_HEADER = struct.Struct("<4sBBBB8xHHIQQQIHHHHHH")
_PROGRAM_HEADER_TYPE = struct.Struct("<I")
_MACHINES = {62: "x86_64", 183: "aarch64", 3: "i386", 40: "arm", 243: "riscv64", 22: "s390x"}
_CLASS_64, _LITTLE_ENDIAN, _LINUX = 2, 1, (0, 3)
_EXECUTABLE, _SHARED = 2, 3
_INTERPRETER = 3
_MAX_PROGRAM_HEADERS = 64
_PROGRAM_HEADER_BYTES = 56
HEAD_BYTES = 64 * 1024
"""Bytes of the file that are looked at; program headers behind that are refused."""


@dataclass(frozen=True, slots=True)
class Program:
    """What the cage must know of a program."""

    system_libraries: bool
    """Whether it is linked with the system's libraries."""


def examine(head: bytes, machine: str) -> Program:
    """Return the facts of the program that begins with ``head``; raises NotAProgram.

    ``machine``: this one, as ``platform.machine()`` names it.
    """
    if not head.startswith(b"\x7fELF"):
        found = "a script" if head.startswith(b"#!") else "no ELF program"
        raise NotAProgram(f"the file is {found}; expected a program compiled for Linux")
    if len(head) < _HEADER.size:
        raise NotAProgram("the ELF header is cut off; expected a whole program")
    fields = _HEADER.unpack_from(head)
    _, width, order, _, system, kind, number = fields[:7]
    if width != _CLASS_64 or order != _LITTLE_ENDIAN:
        raise NotAProgram("the program is not of 64 bits, little endian; expected that")
    built_for = _MACHINES.get(number, f"machine {number}")
    if built_for != machine:
        raise NotAProgram(f"the program is built for {built_for}; this machine is {machine}")
    if system not in _LINUX:
        raise NotAProgram(f"the program is built for another system ({system}); expected Linux")
    if kind not in (_EXECUTABLE, _SHARED):
        raise NotAProgram(f"the ELF file is of type {kind}; expected an executable")
    return Program(_has_interpreter(head, fields))


def _has_interpreter(head: bytes, fields: tuple[int, ...]) -> bool:
    offset, size, count = fields[9], fields[13], fields[14]
    if size != _PROGRAM_HEADER_BYTES or not 0 < count <= _MAX_PROGRAM_HEADERS:
        raise NotAProgram(
            f"the program has {count} program headers of {size} bytes; expected 1 to "
            f"{_MAX_PROGRAM_HEADERS} of {_PROGRAM_HEADER_BYTES}"
        )
    if offset + size * count > len(head):
        raise NotAProgram("the program headers lie beyond the beginning of the file")
    places = range(offset, offset + size * count, size)
    kinds = (_PROGRAM_HEADER_TYPE.unpack_from(head, place)[0] for place in places)
    return _INTERPRETER in kinds
