"""A plugin's folder: which module is its, whether it is up to date, how it is built, its cases."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import click

from cli.errors import CannotGoOn
from cli.trial.errors import BuildBroken, ModuleStale, NoCases, NoModule
from sandbox_child.packages.programs import MAGIC
from supervisor.text import clean_text

CASES = "cases/*"
PROGRAM = "plugin"
"""Name of a native plugin's program."""
_CASE_ENDINGS = (".yaml", ".yml", ".json")
_NOT_SOURCES = (".wasm", ".md", ".xml", ".tmp", ".map", "~", ".swp", ".part")
_NOT_SOURCE_FOLDERS = frozenset({"cases", "build", "target", "node_modules", "zig-out"})
_OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
_LONGEST_LINE = 4_000
_OUT_OF_DATE = 1


@dataclass(frozen=True, slots=True)
class Command:
    """A program that is about to be run."""

    args: Sequence[str]
    folder: Path
    env: Mapping[str, str]

    def start(self) -> "subprocess.Popen[str]":
        """Start it; its output and its errors come by one pipe."""
        return subprocess.Popen(  # noqa: S603 - the author's own Makefile
            self.args,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a plugin; or a module alone, whose folder is then the project's."""

    folder: Path
    named: Path | None = None
    """The module that the command line names."""

    @classmethod
    def at(cls, path: Path) -> "Project":
        """Return the project of a folder or of a module in it; raises CannotGoOn."""
        if path.is_dir():
            return cls(path)
        if not path.exists():
            raise CannotGoOn(f"{path}: there is no such file or folder")
        return cls(path.parent, path)

    @property
    def can_build(self) -> bool:
        """Whether there is a Makefile."""
        return (self.folder / "Makefile").is_file()

    def make(self, *options: str) -> Command:
        """Return the command that builds; raises CannotGoOn where there is no make or Makefile."""
        make = which("make")
        if make is None:
            raise CannotGoOn("make is not installed; install it (on Debian: apt install make)")
        if not self.can_build:
            raise CannotGoOn(f"{self.folder}: there is no Makefile to build with")
        # Within `make test` the outer make must not pass its own options on to this one.
        env = {k: v for k, v in os.environ.items() if k not in _OF_MAKE}
        return Command([make, *options], self.folder, env)

    def build(self) -> None:
        """Run ``make``, its output on stderr line by line; raises BuildBroken, CannotGoOn."""
        with self.make().start() as process:
            for line in process.stdout or ():
                click.echo(clean_text(line.rstrip("\n"), _LONGEST_LINE), err=True)
        if process.returncode:
            raise BuildBroken(self.folder, process.returncode)

    def is_old(self) -> bool:
        """Return whether ``make`` would build something; raises CannotGoOn."""
        with self.make("-q").start() as process:
            process.communicate()
        return process.returncode == _OUT_OF_DATE

    def matters(self, path: Path) -> bool:
        """Return whether a change of ``path``, which lies in the folder, can change the plugin."""
        try:
            inside = path.resolve().relative_to(self.folder.resolve())
        except ValueError:
            return False
        if not inside.parts:
            return False
        *folders, name = inside.parts
        return all(_may_hold_sources(folder) for folder in folders) and (
            _may_be_source(name) or (name.endswith(".wasm") and not self.can_build)
        )

    def module(self) -> Path:
        """Return the path of the module; raises NoModule, ModuleStale."""
        if self.named is not None:
            return self.named
        found = sorted(self.folder.glob("*.wasm")) or self._programs()
        chosen = found if len(found) == 1 else [p for p in found if p.stem in self._likely()]
        if len(chosen) != 1:
            names = [path.name for path in found]
            raise NoModule(self.folder, names, can_build=self.can_build)
        self._refuse_stale(chosen[0])
        return chosen[0]

    def _programs(self) -> list[Path]:
        """Return what make builds of a native plugin."""
        program = self.folder / PROGRAM
        try:
            with program.open("rb") as file:
                return [program] if file.read(len(MAGIC)) == MAGIC else []
        except OSError:
            return []

    def cases(self, pattern: str) -> Sequence[Path]:
        """Return the files of the cases in order; raises NoCases."""
        found = [p for p in self.folder.glob(pattern) if p.suffix in _CASE_ENDINGS and p.is_file()]
        if not found:
            raise NoCases(self.folder, pattern)
        return sorted(found)

    def sources(self) -> Iterator[Path]:
        """Yield every file that a module may be made from."""
        for folder, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if _may_hold_sources(name)]
            yield from (Path(folder, name) for name in files if _may_be_source(name))

    def snapshot(self) -> dict[Path, tuple[int, int]]:
        """Return size and time of every source; two that are equal were made from the same."""
        found = {}
        for path in self.sources():
            with suppress(OSError):
                stat = path.stat()
                found[path] = (stat.st_size, stat.st_mtime_ns)
        return found

    def _likely(self) -> tuple[str, ...]:
        return ("plugin", self.folder.resolve().name)

    def _refuse_stale(self, module: Path) -> None:
        """Both a newer file and make's own word are asked for: either alone is often wrong."""
        if not self.can_build or which("make") is None:
            return
        built = module.stat().st_mtime
        newest = max(self.sources(), key=lambda path: path.stat().st_mtime, default=None)
        if newest is None or newest.stat().st_mtime <= built:
            return
        if self.is_old():
            raise ModuleStale(module, newest)


def _may_hold_sources(folder: str) -> bool:
    return folder not in _NOT_SOURCE_FOLDERS and not folder.startswith(".")


def _may_be_source(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_NOT_SOURCES) and name != PROGRAM
