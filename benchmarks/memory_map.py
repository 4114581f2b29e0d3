"""What Linux says of a process's memory: the one place that reads ``smaps_rollup`` (man 5 proc).

PSS counts a page that n processes share as an nth for each, so that the PSS of a tree of processes
can be added up. USS counts only what no other process shares.
"""

from collections.abc import Iterable
from pathlib import Path

_MB_PER_KB = 1024 / 1e6


def pss_mb(pids: Iterable[int]) -> float:
    """Return the PSS of some processes together, in MB; raises PermissionError without the right.

    Children are not dumpable: only root may look.
    """
    return sum(_rollup(pid)["Pss"] for pid in pids) * _MB_PER_KB


def rss_mb(pid: int) -> float:
    """Return the RSS of a process, in MB: its PSS if nothing else ran on the machine."""
    return _rollup(pid)["Rss"] * _MB_PER_KB


def _rollup(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}
