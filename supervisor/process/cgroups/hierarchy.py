"""Hierarchies in which control groups can be created, and their limit files. All blocking.

Version 2 has one tree, and a group that hands controllers down must hold no process itself. So the
supervisor moves into a group of its own beside those of its children, which it does only where the
tree is its own: alone in its group, and that delegated to it (``Delegate=yes`` in a systemd unit,
or the top of a container). Version 1 has a tree for each controller and no such rule.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "ohd-"
_OWN = f"{PREFIX}supervisor"
_CONTROLLERS = ("memory", "pids", "cpu")
_DELEGATED = ("user.delegate", "trusted.delegate")
TASKS = 8
"""Threads and processes of one child; a plugin has two threads."""
_WEIGHT, _SHARES = 20, 200
"""Of the processor where it is scarce; 100 and 1024 are everybody else's."""
_PERIOD_US = 100_000
"""One processor's worth of time in each of these."""


class NoGroups(Exception):
    """No control group can be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A folder in which groups can be made, and what limits them there."""

    folder: Path
    version: int
    controllers: frozenset[str]

    def settings(self, memory_bytes: int, tasks: int = TASKS) -> dict[str, str]:
        """Return what is written into which file of a group."""
        memory = str(memory_bytes)
        by_controller: Mapping[str, dict[str, str]] = {
            "memory": {"memory.max": memory, "memory.swap.max": "0", "memory.oom.group": "1"},
            "pids": {"pids.max": str(tasks)},
            "cpu": {"cpu.weight": str(_WEIGHT), "cpu.max": f"{_PERIOD_US} {_PERIOD_US}"},
        }
        if self.version == 1:
            by_controller = {
                "memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory},
                "pids": {"pids.max": str(tasks)},
                "cpu": {
                    "cpu.shares": str(_SHARES),
                    "cpu.cfs_period_us": str(_PERIOD_US),
                    "cpu.cfs_quota_us": str(_PERIOD_US),
                },
            }
        chosen = [by_controller[name] for name in _CONTROLLERS if name in self.controllers]
        return {file: value for files in chosen for file, value in files.items()}


@dataclass(frozen=True, slots=True)
class _Mount:
    version: int
    root: str
    point: Path
    options: frozenset[str]


def find_branches(proc: Path = Path("/proc/self")) -> list[Branch]:
    """Return the folders below this process's own groups; raises NoGroups where there is none."""
    mounts = list(_mounts((proc / "mountinfo").read_text(encoding="utf-8")))
    own = _own_groups((proc / "cgroup").read_text(encoding="utf-8"))
    unified = [_branch_2(mount, own[""]) for mount in mounts if mount.version == 2 and "" in own]
    usable = [branch for branch in unified if branch.controllers]
    if usable:
        _hand_down(usable[0])
        return usable[:1]
    split = [_branch_1(mount, own) for mount in mounts if mount.version == 1]
    found = [branch for branch in split if branch is not None]
    if not found:
        raise NoGroups("no hierarchy of control groups with memory, pids or cpu is mounted")
    writable = [branch for branch in found if os.access(branch.folder, os.W_OK)]
    if not writable:
        raise NoGroups(f"{found[0].folder} may not be written by this user")
    return writable


def _mounts(text: str) -> Iterator[_Mount]:
    """Parse ``mountinfo``; see proc(5)."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, _, options) = before.split(), after.split(maxsplit=2)
        if kind in ("cgroup", "cgroup2"):
            version = 2 if kind == "cgroup2" else 1
            yield _Mount(version, fields[3], Path(fields[4]), frozenset(options.split(",")))


def _own_groups(text: str) -> dict[str, str]:
    """Return the path of this process's group by controller; version 2's is under ``""``."""
    found = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        found.update(dict.fromkeys(controllers.split(","), path))
    return found


def _folder(mount: _Mount, path: str) -> Path:
    inside = os.path.relpath(path, mount.root)
    if inside.startswith(".."):
        raise NoGroups("this process's own control group is not to be seen from here")
    return mount.point / inside


def _branch_1(mount: _Mount, own: Mapping[str, str]) -> Branch | None:
    controllers = mount.options & set(_CONTROLLERS) & own.keys()
    if not controllers:
        return None
    return Branch(_folder(mount, own[min(controllers)]), 1, frozenset(controllers))


def _branch_2(mount: _Mount, path: str) -> Branch:
    folder = _folder(mount, path)
    if folder.name == _OWN:
        folder = folder.parent  # an earlier pool of this process has moved it there
    offered = set((folder / "cgroup.controllers").read_text(encoding="ascii").split())
    return Branch(folder, 2, frozenset(offered & set(_CONTROLLERS)))


def _hand_down(branch: Branch) -> None:
    """Let the groups below have the controllers."""
    wanted = " ".join(f"+{name}" for name in sorted(branch.controllers))
    switch = branch.folder / "cgroup.subtree_control"
    given = set(switch.read_text(encoding="ascii").split())
    if branch.controllers <= given:
        return
    _check_ours(branch.folder)
    leaf = branch.folder / _OWN
    try:
        leaf.mkdir(exist_ok=True)
        (leaf / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        switch.write_text(wanted, encoding="ascii")
    except OSError as exc:
        raise NoGroups(f"{branch.folder} cannot be divided: {exc.strerror}") from None


def _check_ours(folder: Path) -> None:
    if not os.access(folder / "cgroup.procs", os.W_OK):
        raise NoGroups(f"{folder} may not be written by this user (Delegate=yes in a unit allows)")
    if not _is_top_of_container(folder) and not _is_delegated(folder):
        raise NoGroups(f"{folder} is not delegated to this process (Delegate=yes in a unit does)")
    inside = (folder / "cgroup.procs").read_text(encoding="ascii").split()
    if inside != [str(os.getpid())]:
        raise NoGroups(
            f"{folder} holds {len(inside)} processes; only a group of our own is divided"
        )


def _is_top_of_container(folder: Path) -> bool:
    return not (folder.parent / "cgroup.procs").exists()


def _is_delegated(folder: Path) -> bool:
    for attribute in _DELEGATED:
        try:
            if os.getxattr(folder, attribute) == b"1":
                return True
        except OSError:
            continue
    return False
