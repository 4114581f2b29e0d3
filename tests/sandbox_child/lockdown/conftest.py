"""A small machine that runs seccomp filters, and a way to run code in a process of its own."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_LOAD, _AND, _RETURN, _EQUAL, _AT_LEAST = 0x20, 0x54, 0x06, 0x15, 0x35

Filter = Callable[..., int]


def run_filter(program: bytes, arch: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Return what a program answers to a call; see ``linux/filter.h`` and seccomp(2)."""
    padded = (*arguments, *(0,) * 6)[:6]
    data = struct.pack("<iIQ6Q", _signed(number), arch, 0, *padded)
    instructions = list(struct.iter_unpack("<HBBI", program))
    accumulator = position = 0
    for _ in range(len(instructions)):  # a filter has no way back
        code, yes, no, value = instructions[position]
        position += 1
        if code == _LOAD:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == _AND:
            accumulator &= value
        elif code == _EQUAL:
            position += yes if accumulator == value else no
        elif code == _AT_LEAST:
            position += yes if accumulator >= value else no
        elif code == _RETURN:
            return value
        else:
            raise AssertionError(f"an instruction that the kernel may not know: {code:#x}")
    raise AssertionError("the program does not return")


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


@pytest.fixture(scope="session")
def answer() -> Filter:
    return run_filter


@pytest.fixture
def run_alone() -> Callable[[str], str]:
    """Return a function that runs Python code in its own process and returns what it prints."""

    def run(code: str) -> str:
        result = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", "")},
            timeout=300,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-2000:]
        return result.stdout.strip()

    return run
