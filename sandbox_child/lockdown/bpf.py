"""A small assembler for seccomp filters: rules in, classic BPF out. Pure.

Each rule becomes a block that is skipped unless the system call number fits. Inside, conditions on
arguments are tested one after another; the first that fails goes to the default action. See
seccomp(2) and ``linux/filter.h``.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox_child.lockdown.syscalls import Architecture

KILL_PROCESS = 0x80000000
ALLOW = 0x7FFF0000
_ERRNO = 0x00050000

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_AT_LEAST = 0x15, 0x35
_NUMBER_OFFSET, _ARCH_OFFSET = 0, 4
_WORD = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Argument ``index``, after the bits of ``ignore`` are cleared, is one of ``values``.

    The kernel takes most arguments as 32-bit integers. Where it takes 64 bits, ``wide`` also asks
    that the upper half is zero.
    """

    index: int
    values: tuple[int, ...]
    ignore: int = 0
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Allow ``syscall`` where every condition holds, or always answer it with ``errno``."""

    syscall: str
    conditions: tuple[OneOf, ...] = ()
    errno: int | None = None


def assemble(rules: Sequence[Rule], architecture: Architecture) -> bytes:
    """Return the filter program: everything that no rule allows kills the process."""
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_OFFSET),
        (_JUMP_EQUAL, 1, 0, architecture.audit),
        (_RETURN, 0, 0, KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
    ]
    if architecture.x32_bit is not None:
        program += [
            (_JUMP_AT_LEAST, 0, 1, architecture.x32_bit),
            (_RETURN, 0, 0, KILL_PROCESS),
        ]
    for rule in rules:
        block = _block(rule)
        number = architecture.numbers[rule.syscall]
        program += [(_JUMP_EQUAL, 0, len(block), number), *block]
    program.append((_RETURN, 0, 0, KILL_PROCESS))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def _block(rule: Rule) -> list[Instruction]:
    if rule.errno is not None:
        return [(_RETURN, 0, 0, _ERRNO | rule.errno)]
    block: list[Instruction] = []
    for condition in rule.conditions:
        low = 16 + 8 * condition.index
        if condition.wide:
            block += _test(low + 4, (0,), 0)
        block += _test(low, condition.values, condition.ignore)
    return [*block, (_RETURN, 0, 0, ALLOW)]


def _test(offset: int, values: tuple[int, ...], ignore: int) -> list[Instruction]:
    test: list[Instruction] = [(_LOAD, 0, 0, offset)]
    if ignore:
        test.append((_AND, 0, 0, ~ignore & _WORD))
    for position, value in enumerate(values):
        test.append((_JUMP_EQUAL, len(values) - position, 0, value))
    test.append((_RETURN, 0, 0, KILL_PROCESS))
    return test
