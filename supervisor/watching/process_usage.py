"""Reads, from outside, what the operating system says of the plugins' processes.

One short file tells nearly everything and costs some 20 us (proc_pid_stat(5)). What memory is a
process's own costs milliseconds, as the kernel walks its page tables: each look spends a little
time on those that were looked at the longest ago.
"""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import trio

OWN_MEMORY_S = 0.02
"""Time that one look spends on memory that is processes' own."""
OWN_MEMORY_AGE_S = 5.0
"""Minimum age of such a value before it is read again."""
_SHORTEST_S = 0.2
"""Between two looks, for the share of a processor to mean anything."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CHARGED = ("anon", "rss")
# Fields of stat as they stand behind the name, which may hold anything.
_USER, _SYSTEM, _THREADS, _RESIDENT = 11, 12, 17, 21


@dataclass(frozen=True, slots=True)
class Usage:
    """Current resource usage of one process. None where it is unknown."""

    cpu_percent: float | None
    """Share of one processor, since the last sample."""
    rss_bytes: int | None
    uss_bytes: int | None
    """What would be free if it ended; up to a minute old where there are many processes. What its
    control group is charged for, where the system does not say."""
    threads: int | None


def together(usages: Sequence["Usage"]) -> "Usage":
    """Return what several processes use in all; what is unknown of each is unknown."""
    return Usage(
        _sum([usage.cpu_percent for usage in usages]),
        _sum([usage.rss_bytes for usage in usages]),
        _sum([usage.uss_bytes for usage in usages]),
        _sum([usage.threads for usage in usages]),
    )


_N = TypeVar("_N", int, float)


def _sum(figures: Sequence[_N | None]) -> _N | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known[1:], known[0]) if known else None


_UNKNOWN = Usage(None, None, None, None)


@dataclass(slots=True)
class _Known:
    """Last sample of a process; times in seconds, monotonic."""

    cpu_s: float
    at: float
    percent: float | None = None
    uss: int | None = None
    uss_at: float = float("-inf")


class UsageReader:
    """Remembers the last look, which is what a share of a processor needs. One thread at a time."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    async def read(self, pids: Mapping[int, Sequence[Path]]) -> Mapping[int, Usage]:
        """Return the usage of each process; runs in a thread.

        ``pids``: with the folders of each one's own control group, where it has one.
        """
        return await trio.to_thread.run_sync(self._read, dict(pids))

    def _read(self, pids: Mapping[int, Sequence[Path]]) -> dict[int, Usage]:
        self._known = {pid: known for pid, known in self._known.items() if pid in pids}
        stats = {pid: fields for pid in pids if (fields := _stat(pid)) is not None}
        for pid, fields in stats.items():
            self._follow(pid, fields)
        self._weigh({pid: pids[pid] for pid in stats})
        return {pid: self._usage(pid, stats[pid]) if pid in stats else _UNKNOWN for pid in pids}

    def _follow(self, pid: int, fields: list[bytes]) -> None:
        cpu_s = (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
        now = time.monotonic()
        known = self._known.setdefault(pid, _Known(cpu_s, now))
        if now - known.at >= _SHORTEST_S:
            known.percent = max(0.0, (cpu_s - known.cpu_s) / (now - known.at) * 100)
            known.cpu_s, known.at = cpu_s, now

    def _weigh(self, pids: Mapping[int, Sequence[Path]]) -> None:
        """Read the memory that is their own of those that were looked at the longest ago."""
        began = time.monotonic()
        due = began - OWN_MEMORY_AGE_S
        for pid in sorted(pids, key=lambda pid: self._known[pid].uss_at):
            known = self._known[pid]
            if known.uss_at > due or time.monotonic() - began > OWN_MEMORY_S:
                break
            known.uss, known.uss_at = _own_memory(pid, pids[pid]), time.monotonic()

    def _usage(self, pid: int, fields: list[bytes]) -> Usage:
        known = self._known[pid]
        resident = int(fields[_RESIDENT]) * _PAGE
        return Usage(known.percent, resident, known.uss, int(fields[_THREADS]))


def _stat(pid: int) -> list[bytes] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = text.rpartition(b")")[2].split()
    return fields if len(fields) > _RESIDENT else None


def _own_memory(pid: int, folders: Sequence[Path]) -> int | None:
    try:
        return int(psutil.Process(pid).memory_full_info().uss)
    except (psutil.Error, OSError):
        # Refused where the server is no superuser: its children cannot be looked into.
        return charged_memory(folders)


def charged_memory(folders: Sequence[Path]) -> int | None:
    """Return the memory without a file behind it that a control group is charged for.

    Those are the pages that its process was the first to write, which is nearly what is its own.
    See cgroup-v2.rst, memory.stat; the first version calls it ``rss``.
    """
    for folder in folders:
        with suppress(OSError, ValueError):
            for line in (folder / "memory.stat").read_text("ascii").splitlines():
                name, _, value = line.partition(" ")
                if name in _CHARGED:
                    return int(value)
    return None
