"""Messages for the author of a plugin when the kit cannot go on.

::

    CannotGoOn                 one line on stderr, exit status 2
    └── KitError
        ├── FileWrong          a place in a file of the project: file, line, what is wrong, the fix
        ├── NoModule           the folder has no module, or not one alone
        ├── ModuleStale        the module is older than what it is made from
        ├── BuildBroken        the project's own build failed
        └── NoCases            the folder has no case to run
"""

from collections.abc import Sequence
from pathlib import Path

from cli.errors import CannotGoOn


class KitError(CannotGoOn):
    """Base of what the kit refuses."""


class FileWrong(KitError):
    """A place in a file is not what it must be; lines count from 1."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        self.path = path
        self.line = line
        self.problem = problem
        super().__init__(f"{path}:{line}: {problem}")


class NoModule(KitError):
    """There is no single module to try."""

    def __init__(self, folder: Path, found: Sequence[str], *, can_build: bool) -> None:
        if found:
            message = f"{folder} has several modules ({', '.join(found)}); name one"
        elif can_build:
            message = (
                f"{folder} has no .wasm file yet; build it with `make -C {folder}`, or --build"
            )
        else:
            message = f"{folder} has no .wasm file and no Makefile to build one"
        super().__init__(message)


class ModuleStale(KitError):
    """Trying an old module would tell nothing of the new source."""

    def __init__(self, module: Path, newer: Path) -> None:
        super().__init__(
            f"{module} is older than {newer.name}; build it with `make -C {module.parent}`, "
            "or use --build"
        )


class BuildBroken(KitError):
    """``make`` failed; what it said has been printed."""

    def __init__(self, folder: Path, status: int) -> None:
        super().__init__(f"make failed in {folder} with status {status}; its output is above")


class NoCases(KitError):
    """Nothing to run."""

    def __init__(self, folder: Path, wanted: str) -> None:
        super().__init__(
            f"{folder} has no case matching {wanted}; write one, such as cases/created.yaml with "
            "the keys name, event and expect"
        )
