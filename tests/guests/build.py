"""Makes guest plugins: compiles a source, embeds its manifest, and keeps the result.

A guest's name is ``language/name`` (a file or folder of that name beside this module), or
``examples/name`` for a plugin of the ``examples`` folder, which is built by its own Makefile, as a
newcomer would, or ``languages/name`` for a program of ``tests/languages`` in a project of its
language's template. A result is kept under ``.cache/guests`` by the hash of everything that it
depends on, so that an unchanged guest costs a few milliseconds.
"""

import hashlib
import inspect
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import replace_custom_section
from tests.guests import makefiles, projects, toolchains
from tests.guests.toolchains import CACHE, ROOT, TOOLCHAINS, ToolMissing, ToolUnobtainable

__all__ = ["ToolMissing", "ToolUnobtainable", "build_guest", "guest_names", "manifest_of"]

GUESTS = Path(__file__).resolve().parent
EXAMPLES = ROOT / "examples"
KEPT = CACHE / "guests"

_EXAMPLE_LANGUAGES = {
    "main.zig": "zig",
    "go.mod": "go",
    "src/lib.rs": "rust",
    "main.rs": "rust",
    "main.ts": "assemblyscript",
    "main.c": "c",
}


@dataclass(frozen=True)
class _Guest:
    name: str
    language: str
    source: Path
    """A folder, or the one file of a WAT guest."""
    manifest: Path
    """May be absent for WAT guests: then every key has its default."""

    @property
    def is_example(self) -> bool:
        return self.source.parent == EXAMPLES

    def sources(self) -> list[Path]:
        """Return the files that decide what is built, in a fixed order."""
        if self.source.is_file():
            return [self.source]
        endings = (*TOOLCHAINS[self.language].suffixes, *(["Makefile"] * self.is_example))
        found = (p for p in self.source.rglob("*") if p.name.endswith(endings))
        return sorted(p for p in found if "node_modules" not in p.parts)


def guest_names() -> list[str]:
    """Return the names of all guests, examples included, sorted."""
    names = [f"wat/{path.stem}" for path in (GUESTS / "wat").glob("*.wat")]
    for language in TOOLCHAINS.keys() - {"wat"}:
        names += [f"{language}/{p.parent.name}" for p in GUESTS.glob(f"{language}/*/manifest.json")]
    names += [f"examples/{path.parent.name}" for path in EXAMPLES.glob("*/manifest.json")]
    names += [f"languages/{language}" for language in projects.languages()]
    return sorted(names)


def build_guest(name: str) -> Path:
    """Return the compiled guest ``name`` with its manifest embedded.

    Raises ``ToolMissing`` without its compiler, ``BuildFailed`` where the compiler refuses it and
    ``LookupError`` for a name that there is not.
    """
    kind, _, label = name.partition("/")
    if kind == "languages" and label in projects.languages():
        return projects.build_program(label)
    guest = _find(name)
    manifest = _manifest_bytes(guest)
    kept = KEPT / f"{name.replace('/', '-')}-{_key(guest, manifest)}.wasm"
    if not kept.exists():
        _build(guest, manifest, kept)
    return kept


def manifest_of(name: str) -> dict[str, Any]:
    """Return the manifest that ``build_guest`` embeds."""
    kind, _, label = name.partition("/")
    if kind == "languages" and label in projects.languages():
        return dict(json.loads(projects.program(label)["manifest.json"]))
    return dict(json.loads(_manifest_bytes(_find(name))))


def _manifest_bytes(guest: _Guest) -> bytes:
    """Return the manifest file as it is; for WAT, defaults with the file's keys over them."""
    if guest.language != "wat":
        return guest.manifest.read_bytes()
    own = json.loads(guest.manifest.read_bytes()) if guest.manifest.exists() else {}
    label = guest.source.stem.replace("_", "-")
    defaults = {
        "id": f"org.example.guest.{label}",
        "name": f"Guest {label}",
        "version": "1.0.0",
        "description": f"A test guest: {label}.",
        "events": ["ticket.created"],
    }
    return json.dumps(defaults | own, indent=2).encode("utf-8")


def _find(name: str) -> _Guest:
    kind, _, label = name.partition("/")
    if kind == "wat":
        source = GUESTS / "wat" / f"{label}.wat"
        guest = _Guest(name, "wat", source, source.with_suffix(".json"))
    else:
        source = EXAMPLES / label if kind == "examples" else GUESTS / kind / label
        language = _example_language(source) if kind == "examples" else kind
        guest = _Guest(name, language, source, source / "manifest.json")
    if not source.exists() or guest.language not in TOOLCHAINS:
        raise LookupError(f"there is no guest {name!r}; there are: {', '.join(guest_names())}")
    return guest


def _example_language(source: Path) -> str:
    return next((lang for file, lang in _EXAMPLE_LANGUAGES.items() if (source / file).exists()), "")


def _key(guest: _Guest, manifest: bytes) -> str:
    digest = hashlib.sha256(manifest)
    toolchain = TOOLCHAINS[guest.language]
    digest.update(toolchain.version().encode())
    digest.update(inspect.getsource(makefiles if guest.is_example else toolchains).encode())
    for path in guest.sources():
        digest.update(str(path.relative_to(guest.source.parent)).encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _build(guest: _Guest, manifest: bytes, kept: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        if guest.is_example:
            _make(guest, Path(folder)).replace(kept)
            return
        out = Path(folder) / "plugin.wasm"
        TOOLCHAINS[guest.language].compile(guest.source, out)
        done = Path(folder) / "embedded.wasm"
        done.write_bytes(replace_custom_section(out.read_bytes(), MANIFEST_SECTION, manifest))
        # Two test runs may build the same guest at once: a rename never shows half a file.
        done.replace(kept)


def _make(guest: _Guest, folder: Path) -> Path:
    """Copy an example's sources and run ``make`` there; returns the one module that it made."""
    for path in (*guest.sources(), guest.manifest):
        copy = folder / path.relative_to(guest.source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return makefiles.make(guest.language, folder)
