"""Runs a plugin project's own Makefile with the compilers that the tests have.

A Makefile names each tool in a variable; here the variables are set, and the compilers' caches are
the tests' own. Knows nothing of the guests' cache.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.guests import toolchains
from tests.guests.toolchains import CACHE, ROOT, BuildFailed

_ENVIRONMENTS: dict[str, Callable[[], dict[str, str]]] = {
    "zig": toolchains._zig_environment,
    "c": toolchains._zig_environment,
    "go": toolchains._go_environment,
}
_COMPILERS: dict[str, Callable[[], dict[str, str]]] = {
    "go": lambda: {"GO": toolchains._go()},
    "tinygo": lambda: {"TINYGO": toolchains._tinygo()},
    "zig": lambda: {"ZIG": " ".join(toolchains._zig())},
    "c": lambda: {"ZIG": " ".join(toolchains._zig())},
    "assemblyscript": lambda: {"ASC": " ".join(toolchains._asc())},
    "rust": lambda: {"RUSTC": toolchains.rustc()},
}


def make(language: str, folder: Path, *targets: str) -> Path:
    """Run ``make`` in ``folder``; return the one ``.wasm`` file that is there afterwards.

    Raises ``ToolMissing`` without the compiler, and ``BuildFailed`` with what make printed.
    """
    nothing: Callable[[], dict[str, str]] = dict
    variables = {
        "PYTHON": sys.executable,
        "OHD": f"{sys.executable} -m cli.main",
        **_COMPILERS.get(language, nothing)(),
    }
    done = subprocess.run(
        ["make", *(f"{name}={value}" for name, value in variables.items()), *targets],
        cwd=folder,
        env={
            **toolchains._plain_environment(),
            **_ENVIRONMENTS.get(language, nothing)(),
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(CACHE / "author"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise BuildFailed(f"in {folder.name}", done.returncode, done.stdout + done.stderr)
    (made,) = folder.glob("*.wasm")
    return made
