"""Projects of ``ohd plugin init``, as they are or with another program in the place of the greeter.

What is built is what an author gets: the template's Makefile, its helper, its flags. Knows nothing
of what the programs do.
"""

import hashlib
import inspect
import json
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


def write_project(language: str, folder: Path, *, program: bool = False) -> None:
    """Write a new project into ``folder``; ``program`` is put in the place of the greeter."""
    for path, text in _files(language, program=program).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def build_program(language: str) -> Path:
    """Return the compiled program of ``tests/languages``; raises ToolMissing, BuildFailed."""
    kept = _KEPT / f"languages-{language}-{_key(language)}.wasm"
    if not kept.exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_KEPT) as folder:
            write_project(language, Path(folder), program=True)
            makefiles.make(language, Path(folder)).replace(kept)
    return kept


def _files(language: str, *, program: bool) -> dict[str, str]:
    files = project_files(LANGUAGES[language], "matrix", "org.example.guest.matrix")
    if program:
        sources = PROGRAMS / _SOURCES.get(language, language)
        own = {str(p.relative_to(sources)): p for p in sources.rglob("*") if p.is_file()}
        own["manifest.json"] = PROGRAMS / "manifest.json"
        files |= {name: path.read_text("utf-8") for name, path in own.items()}
    return files


def _key(language: str) -> str:
    made_by = [TOOLCHAINS[language].version(), *map(inspect.getsource, (makefiles, toolchains))]
    whole = [made_by, sorted(_files(language, program=True).items())]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:20]
