"""Where control groups may be made, found in trees of files that look like the kernel's."""

import os
from pathlib import Path

import pytest

from supervisor.process.cgroups.hierarchy import Branch, NoGroups, find_branches

MIB = 1 << 20


class System:
    """A ``/proc/self`` and mounted hierarchies in a folder."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.mounts = folder / "mounts"
        self.proc.mkdir()
        self._mountinfo: list[str] = []
        self._groups: list[str] = []

    def version_2(self, own: str, *, controllers="cpu memory pids", given="", procs=None) -> Path:
        point = self.mounts / "unified"
        self._mount("cgroup2", point, "rw,nsdelegate")
        self._groups.append(f"0::{own}")
        folder = point / own.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.controllers").write_text(controllers)
        (folder / "cgroup.subtree_control").write_text(given)
        processes = [os.getpid()] if procs is None else procs
        (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in processes))
        return folder

    def version_1(self, controller: str, own: str, root: str = "/") -> Path:
        point = self.mounts / controller
        self._mount("cgroup", point, f"rw,{controller}", root)
        self._groups.append(f"{len(self._groups) + 2}:{controller}:{own}")
        folder = point / os.path.relpath(own, root)
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve()

    def _mount(self, kind: str, point: Path, options: str, root: str = "/") -> None:
        number = len(self._mountinfo)
        self._mountinfo.append(
            f"{number} 1 0:{number} {root} {point} rw shared:1 - {kind} {kind} {options}"
        )

    def find(self) -> list[Branch]:
        (self.proc / "mountinfo").write_text("\n".join(self._mountinfo))
        (self.proc / "cgroup").write_text("\n".join(self._groups))
        return find_branches(self.proc)


@pytest.fixture
def system(tmp_path) -> System:
    return System(tmp_path)


def test_a_machine_without_control_groups_has_none(system):
    with pytest.raises(NoGroups, match="no hierarchy"):
        system.find()


def test_version_1_has_a_branch_for_each_controller(system):
    memory = system.version_1("memory", "/jobs/7")
    pids = system.version_1("pids", "/")
    system.version_1("freezer", "/")
    found = {branch.folder.resolve(): branch for branch in system.find()}
    assert found.keys() == {memory, pids}
    assert found[memory].controllers == {"memory"}
    assert all(branch.version == 1 for branch in found.values())


def test_a_container_sees_its_part_of_a_hierarchy(system):
    folder = system.version_1("memory", "/docker/abc/work", root="/docker/abc")
    assert [branch.folder.resolve() for branch in system.find()] == [folder]


def test_a_group_outside_of_what_is_mounted_is_not_used(system):
    system.version_1("memory", "/elsewhere", root="/docker/abc")
    with pytest.raises(NoGroups, match="not to be seen"):
        system.find()


def test_version_2_that_hands_controllers_down_is_used_as_it_is(system):
    folder = system.version_2("/", given="cpu memory pids")
    (branch,) = system.find()
    assert (branch.folder.resolve(), branch.version) == (folder.resolve(), 2)
    assert branch.controllers == {"cpu", "memory", "pids"}


def test_a_group_of_our_own_is_divided(system):
    folder = system.version_2("/")
    (branch,) = system.find()
    assert branch.folder.resolve() == folder.resolve()
    assert (folder / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (folder / "ohd-supervisor/cgroup.procs").read_text() == str(os.getpid())


def test_a_group_that_is_not_delegated_is_left_alone(system):
    folder = system.version_2("/system.slice/ssh.service")
    (folder.parent / "cgroup.procs").write_text("")
    with pytest.raises(NoGroups, match="not delegated"):
        system.find()
    assert not (folder / "ohd-supervisor").exists()


def test_a_group_with_other_processes_is_left_alone(system):
    folder = system.version_2("/", procs=[1, os.getpid()])
    with pytest.raises(NoGroups, match="holds 2 processes"):
        system.find()
    assert (folder / "cgroup.subtree_control").read_text() == ""


def test_version_2_without_controllers_leaves_version_1_to_use(system):
    system.version_2("/", controllers="")
    folder = system.version_1("pids", "/")
    assert [branch.folder.resolve() for branch in system.find()] == [folder]


@pytest.mark.parametrize("version", [1, 2])
def test_a_group_limits_memory_tasks_and_processor(version):
    settings = Branch(Path("/x"), version, frozenset({"memory", "pids", "cpu"})).settings(100 * MIB)
    assert str(100 * MIB) in settings.values()
    assert settings["pids.max"] == "8"
    assert any(name.startswith("cpu.") for name in settings)


def test_only_what_there_is_gets_limited():
    assert Branch(Path("/x"), 2, frozenset({"pids"})).settings(MIB).keys() == {"pids.max"}
