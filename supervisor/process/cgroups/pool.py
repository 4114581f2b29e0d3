"""Lends a control group to each child, and has it back when the child has ended.

A group is made when none is free, and kept: making one takes longer than a fork. All of them lie in
one folder of this process's, which goes when the pool is closed; what a killed server has left is
removed by the next.
"""

import itertools
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
import trio

from supervisor.limits import MIB
from supervisor.process.cgroups.hierarchy import PREFIX, TASKS, Branch, NoGroups, find_branches

_MARGIN = 64 * MIB
"""Beyond a child's private memory: its stack, its page tables and the code that it maps."""
_MOST_FREE = 16
"""Groups of other sizes than what is asked for that are kept: sizes come and go with the limits
that admins set."""

log = structlog.get_logger("supervisor.cgroups")


@dataclass(frozen=True, slots=True)
class Group:
    """One control group, in each hierarchy."""

    folders: tuple[Path, ...]
    doors: tuple[int, ...]
    """``cgroup.procs`` of each, open for writing."""
    memory_bytes: int
    tasks: int


class GroupPool:
    """Open it with :func:`open_groups`."""

    def __init__(self, branches: Sequence[Branch], reason: str = "") -> None:
        """``reason``: why there is no branch. Makes this process's folder in each. Blocks."""
        self.reason = reason
        """Reason why no group can be created; empty if one can."""
        self._homes: list[tuple[Branch, Path]] = []
        self._free: list[Group] = []
        self._all: list[Group] = []
        self._numbers = itertools.count()
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        for branch in branches:
            home = branch.folder / name
            try:
                _make_home(branch, home)
            except OSError as exc:
                self.reason = f"{branch.folder}: {exc.strerror}"
            else:
                self._homes.append((branch, home))

    @property
    def controllers(self) -> tuple[str, ...]:
        """Names of what the groups limit."""
        return tuple(sorted({name for branch, _ in self._homes for name in branch.controllers}))

    @property
    def homes(self) -> tuple[Path, ...]:
        """Folders of this process's own, in which all groups are."""
        return tuple(home for _, home in self._homes)

    async def take(self, data_bytes: int, tasks: int = TASKS) -> Group | None:
        """Return a group for a child with this much private memory; None where there is none.

        ``tasks``: threads and processes that it may hold.
        """
        if not self._homes:
            return None
        wanted = data_bytes + _MARGIN
        for group in self._free:
            if (group.memory_bytes, group.tasks) == (wanted, tasks):
                self._free.remove(group)
                return group
        old = self._free.pop(0) if len(self._free) >= _MOST_FREE else None
        try:
            return await trio.to_thread.run_sync(self._make, wanted, tasks, old)
        except OSError as exc:
            log.warning("control_group_not_made", reason=str(exc))
            return None

    def give_back(self, group: Group) -> None:
        """The child of this group has ended."""
        self._free.append(group)

    def _make(self, memory_bytes: int, tasks: int, old: Group | None) -> Group:
        """Make a group, and remove one that nobody has asked for lately."""
        if old is not None:
            self._remove(old)
        name = f"child-{next(self._numbers)}"
        folders, doors = [], []
        for branch, home in self._homes:
            folder = home / name
            folder.mkdir()
            folders.append(folder)
            for file, value in branch.settings(memory_bytes, tasks).items():
                _limit(folder / file, value)
            doors.append(os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
        group = Group(tuple(folders), tuple(doors), memory_bytes, tasks)
        self._all.append(group)
        return group

    def _remove(self, group: Group) -> None:
        self._all.remove(group)
        for door in group.doors:
            os.close(door)
        for folder in group.folders:
            with suppress(OSError):  # the kernel is not done with its last child
                folder.rmdir()

    def close(self) -> None:
        """Remove every group; those that still hold a process stay. Blocks."""
        for group in self._all:
            for door in group.doors:
                os.close(door)
        for home in self.homes:
            _remove(home)


@asynccontextmanager
async def open_groups(*, wanted: bool = True) -> AsyncIterator[GroupPool]:
    """Find where groups can be made; yields a pool that has none where that is nowhere."""
    if not wanted:
        yield GroupPool((), "switched off in the settings")
        return
    pool = await trio.to_thread.run_sync(_open_pool)
    try:
        yield pool
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(pool.close)


def _open_pool() -> GroupPool:
    try:
        pool = GroupPool(find_branches())
    except (NoGroups, OSError) as exc:
        pool = GroupPool((), str(exc))
    log.info("control_groups", limit=pool.controllers, reason=pool.reason or None)
    return pool


def _make_home(branch: Branch, home: Path) -> None:
    for old in branch.folder.glob(f"{PREFIX}*-*"):
        if _is_abandoned(old):
            _remove(old)
    home.mkdir()
    if branch.version == 2:
        wanted = " ".join(f"+{name}" for name in sorted(branch.controllers))
        _write(home / "cgroup.subtree_control", wanted)


def _limit(file: Path, value: str) -> None:
    try:
        _write(file, value)
    except FileNotFoundError:
        return  # not every kernel has every file: swap may be switched off
    except OSError:
        # A share of the processor may be more than the group above has. It is no safeguard.
        if not file.name.startswith("cpu."):
            raise


def _write(file: Path, value: str) -> None:
    """Write to a file of the kernel's, which must not be created where it is missing."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode("ascii"))
    finally:
        os.close(descriptor)


def _is_abandoned(folder: Path) -> bool:
    pid = folder.name.removeprefix(PREFIX).partition("-")[0]
    return pid.isdecimal() and not Path(f"/proc/{pid}").exists()


def _remove(home: Path) -> None:
    for folder in (*home.glob("child-*"), home):
        with suppress(OSError):
            folder.rmdir()
