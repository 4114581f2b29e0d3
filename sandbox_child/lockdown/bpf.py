"""A small assembler for seccomp filters: rules in, classic BPF out. Pure.

Each rule becomes a block that is skipped unless the system call number fits. Inside, conditions on
arguments are tested one after another; the first that fails leaves the block for the next rule.
What no rule decides kills the process. See seccomp(2) and ``linux/filter.h``.
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
    """Allow ``syscall`` where every condition holds, or answer it with ``errno``.

    Of several rules for one call the first that fits decides.
    """

    syscall: str
    conditions: tuple[OneOf, ...] = ()
    errno: int | None = None


def assemble(
    rules: Sequence[Rule], architecture: Architecture, otherwise: int | None = None
) -> bytes:
    """Return the filter program: everything that no rule allows kills the process.

    ``otherwise``: an error number with which it is answered in place of that. Calls of another
    convention than this machine's own kill all the same.
    """
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
    last = KILL_PROCESS if otherwise is None else _ERRNO | otherwise
    program.append((_RETURN, 0, 0, last))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def _block(rule: Rule) -> list[Instruction]:
    answer = ALLOW if rule.errno is None else _ERRNO | rule.errno
    tests = [test for condition in rule.conditions for test in _tests(condition)]
    block: list[Instruction] = [(_RETURN, 0, 0, answer)]
    if tests:
        # Reached by a failed test only: the next rules compare the number again.
        block.append((_LOAD, 0, 0, _NUMBER_OFFSET))
    for offset, values, ignore in reversed(tests):
        block = [*_test(offset, values, ignore, to_end=len(block) - 1), *block]
    return block


def _tests(condition: OneOf) -> list[tuple[int, tuple[int, ...], int]]:
    """Return offset, values and ignored bits of each 32-bit word that the condition looks at."""
    low = 16 + 8 * condition.index
    upper = [(low + 4, (0,), 0)] if condition.wide else []
    return [*upper, (low, condition.values, condition.ignore)]


def _test(offset: int, values: tuple[int, ...], ignore: int, to_end: int) -> list[Instruction]:
    """Go on behind the test where it holds, else ``to_end`` instructions further."""
    test: list[Instruction] = [(_LOAD, 0, 0, offset)]
    if ignore:
        test.append((_AND, 0, 0, ~ignore & _WORD))
    last = len(values) - 1
    for position, value in enumerate(values):
        test.append((_JUMP_EQUAL, last - position, to_end if position == last else 0, value))
    return test
