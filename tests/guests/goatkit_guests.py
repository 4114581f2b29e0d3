"""GoatKit plugins of every generation and shape, built by real compilers and kept as guests are.

They were written by the contract's reference alone. Unlike other guests they carry no manifest:
what such a plugin is, it says when it registers.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.guests import toolchains
from tests.guests.build import GUESTS, KEPT
from tests.guests.toolchains import TOOLCHAINS

FOLDER = GUESTS / "goatkit"
_WAT = "wat/tinygo_command.wat"
_GOJS = """(import "gojs" "runtime.ticks" (func (result f64)))
  (import "gojs" "runtime.sleepTicks" (func (param f64)))
  (import "gojs" "syscall/js.finalizeRef" (func (param i64)))
  (import "gk" "log" """


@dataclass(frozen=True)
class _Guest:
    source: str
    version: Callable[[], str]
    compile: Callable[[Path, Path], None]


def _wat(old: str = "", new: str = "") -> _Guest:
    def compile_wat(source: Path, out: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            text = source.read_text("utf-8")
            assert old in text
            changed = Path(folder) / "changed.wat"
            changed.write_text(text.replace(old, new, 1) if old else text, "utf-8")
            TOOLCHAINS["wat"].compile(changed, out)

    return _Guest(_WAT, lambda: f"{TOOLCHAINS['wat'].version()} {old} {new}", compile_wat)


def _of(language: str, source: str) -> _Guest:
    return _Guest(source, TOOLCHAINS[language].version, TOOLCHAINS[language].compile)


_GUESTS = {
    # Generation B: a Statistics plugin in standard Go.
    "stats": _of("go", "stats"),
    "go-command": _Guest("../go/goatkit", TOOLCHAINS["go"].version, toolchains.compile_go_command),
    # Generation A: says hello in Rust, and imports nothing.
    "hello": _of("rust", "hello"),
    "hello-command": _Guest("hello", TOOLCHAINS["rust"].version, toolchains.compile_rust_command),
    "hello-reactor": _Guest("hello", TOOLCHAINS["rust"].version, toolchains.compile_rust_reactor),
    # Generation C: declares all that there is, in Zig.
    "whole": _of("zig", "whole"),
    "whole-command": _Guest("whole", TOOLCHAINS["zig"].version, toolchains.compile_zig_command),
    # The shapes of TinyGo, which no package registry offers.
    "tinygo": _wat(),
    "tinygo-reactor": _wat('"_start"', '"_initialize"'),
    "tinygo-javascript": _wat('(import "gk" "log" ', _GOJS),
}


def goatkit_names() -> list[str]:
    """Return the names of all of them."""
    return list(_GUESTS)


def build_goatkit(name: str) -> Path:
    """Return the compiled plugin. Raises ToolMissing without its compiler, BuildFailed."""
    guest = _GUESTS[name]
    source = (FOLDER / guest.source).resolve()
    kept = KEPT / f"goatkit-{name}-{_key(guest, source)}.wasm"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            out = Path(folder) / "plugin.wasm"
            guest.compile(source, out)
            # Two test runs may build the same one at once: a rename never shows half a file.
            out.replace(kept)
    return kept


def _key(guest: _Guest, source: Path) -> str:
    digest = hashlib.sha256(guest.version().encode())
    digest.update(Path(toolchains.__file__).read_bytes())
    digest.update(Path(__file__).read_bytes())
    for path in sorted(source.iterdir()) if source.is_dir() else [source]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:20]
