"""Projects of ``ohd plugin init``, as they are or with another program in the place of the greeter.

What is built is what an author gets: the template's Makefile, its helper, its flags. Knows nothing
of what the programs do.
"""

import hashlib
import inspect
import json
import os
import tempfile
from pathlib import Path

from cli.kit.init import LANGUAGES, project_files
from tests.guests import makefiles, toolchains
from tests.guests.toolchains import CACHE, ROOT, TOOLCHAINS

PROGRAMS = ROOT / "tests" / "languages"
_KEPT = CACHE / "guests"
_SOURCES = {"tinygo": "go"}
"""Languages whose program is another's."""


def languages() -> list[str]:
    """Return the languages that there is a template for."""
    return list(LANGUAGES)


def greeter(language: str) -> dict[str, str]:
    """Return the files of the project that the manual makes, by their paths."""
    return project_files(LANGUAGES[language], "greeter", "com.example.greeter")


def program(language: str) -> dict[str, str]:
    """Return a new project whose program is the one of ``tests/languages``."""
    sources = PROGRAMS / _SOURCES.get(language, language)
    own = {str(p.relative_to(sources)): p for p in sources.rglob("*") if p.is_file()}
    own["manifest.json"] = PROGRAMS / "manifest.json"
    return greeter(language) | {name: path.read_text("utf-8") for name, path in own.items()}


def write(files: dict[str, str], folder: Path) -> None:
    """Write a project into ``folder``."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def build_program(language: str) -> Path:
    """Return the compiled program of ``tests/languages``; raises ToolMissing, BuildFailed."""
    files = program(language)
    kept = _KEPT / f"languages-{language}-{_key(language, files)}.wasm"
    if not kept.exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_KEPT) as folder:
            write(files, Path(folder))
            makefiles.make(language, Path(folder)).replace(kept)
    return kept


def kept_project(language: str) -> Path:
    """Return a folder with a new project, which stays from run to run once it is built.

    Raises ToolMissing.
    """
    files = greeter(language)
    folder = CACHE / "projects" / f"{language}-{_key(language, files)}"
    # Written whole or not at all: a run that is cut off leaves nothing half done for the next one.
    part = folder.with_suffix(f".{os.getpid()}.part")
    if not folder.exists():
        write(files, part)
        part.rename(folder)
    return folder


def _key(language: str, files: dict[str, str]) -> str:
    made_by = [TOOLCHAINS[language].version(), *map(inspect.getsource, (makefiles, toolchains))]
    return hashlib.sha256(json.dumps([made_by, sorted(files.items())]).encode()).hexdigest()[:20]
