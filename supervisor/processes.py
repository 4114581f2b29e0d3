"""Reads, from outside, what the operating system says of the plugins' processes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil
import trio


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process uses just now. None where the system does not say."""

    cpu_percent: float | None
    """Of one processor, since the last look."""
    rss_bytes: int | None
    threads: int | None


_UNKNOWN = Usage(None, None, None)


class UsageReader:
    """Keeps the handles between looks, which is what a CPU percentage needs."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    async def read(self, pids: Iterable[int]) -> Mapping[int, Usage]:
        """Return the usage of each process; runs in a thread."""
        return await trio.to_thread.run_sync(self._read, frozenset(pids))

    def _read(self, pids: frozenset[int]) -> dict[int, Usage]:
        self._known = {pid: p for pid, p in self._known.items() if pid in pids}
        return {pid: self._usage(pid) for pid in pids}

    def _usage(self, pid: int) -> Usage:
        try:
            process = self._known.setdefault(pid, psutil.Process(pid))
            with process.oneshot():
                return Usage(
                    process.cpu_percent(None), process.memory_info().rss, process.num_threads()
                )
        except psutil.Error:
            return _UNKNOWN
