"""A reader's shell: runs a page's commands one after the other and remembers the folder.

What the page calls by a name that a reader replaces (a data directory, the server's address, an id)
is replaced here too. A command that runs until it is stopped is started, heard, and stopped.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import ROOT, Command
from tests.guests.toolchains import CACHE
from tests.server_process import ServerProcess

PATIENCE_S = 120
_ENDLESS = {
    r"\bohd serve\b": "Open Help Desk is at …",
    r"\bohd plugin dev\b": "watching …",
    r" --watch\b": "…",
    r" --follow\b": "…",
}
"""What runs until it is stopped, and what it prints once it does what it is for."""
_CHECKOUT = ("examples", "packaging", "config.toml")
_BUILT = shutil.ignore_patterns("node_modules", "__pycache__", "build", "target")
_ANYTHING = "…"
_TYPED = "correct horse battery staple\n" * 2
"""For a command that asks for a password, and asks again."""


@dataclass
class Shell:
    """One page's shell in a fresh folder, which looks like a checkout."""

    folder: Path
    server: ServerProcess | None = None
    """The help desk that the page speaks of, on the folder's ``data``."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What stands in place of what the page calls it."""
    where: Path = field(init=False)

    def __post_init__(self) -> None:
        self.where = self.folder
        for name in _CHECKOUT:
            source, target = ROOT / name, self.folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=_BUILT)
            else:
                shutil.copyfile(source, target)
        binaries = self.folder / ".venv" / "bin"
        binaries.mkdir(parents=True)
        (binaries / "ohd").symlink_to(Path(sys.executable).with_name("ohd"))

    def write(self, path: str, text: str) -> None:
        """Write a file that a page shows."""
        target = self.where / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")

    def run(self, command: Command) -> None:
        """Run one command, and compare its status and what it is shown to print."""
        text = self.in_our_words(command.text)
        signs = tuple(sign for pattern, sign in _ENDLESS.items() if re.search(pattern, text))
        printed, status = self._heard(text, command.output + signs) if signs else self._run(text)
        failed = status != 0
        assert failed == command.fails, f"$ {text}\nended with status {status}:\n{printed}"
        missing = first_missing(command.output, printed)
        assert missing is None, f"$ {text}\ndid not print {missing!r}, but:\n{printed}"

    def in_our_words(self, text: str) -> str:
        """Return a command with our names in place of the page's."""
        for theirs, ours in self.words.items():
            text = text.replace(theirs, ours)
        return re.sub(r"\bohd serve\b", "ohd serve --port 0", text)

    def _run(self, text: str) -> tuple[str, int]:
        place, variables = self.folder / ".where", self.folder / ".variables"
        variables.touch()
        remember = (
            f'pwd >"{place}"; declare -p | grep -E "^declare -- [a-z]" >"{variables}" || true'
        )
        script = f'. "{variables}"\ncd "{self.where}"\nset -e\n{text}\n'
        done = subprocess.run(
            ["bash", "-c", f"trap '{remember}' EXIT\n{script}"],
            env=self._environment(),
            input=_TYPED,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        self.where = Path(place.read_text("utf-8").strip())
        return done.stdout, done.returncode

    def _heard(self, text: str, output: tuple[str, ...]) -> tuple[str, int]:
        """Start a command, wait until it has said what it should, and end it as Ctrl-C does."""
        process = subprocess.Popen(
            ["bash", "-c", f'cd "{self.where}" && exec {text}'],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            printed = _heard_from(process, output)
            running = process.poll() is None
            if running:
                os.killpg(process.pid, signal.SIGINT)
            rest, _ = process.communicate(timeout=PATIENCE_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        status = process.returncode
        stopped = running and status in (0, 130, -signal.SIGINT)
        return printed + rest.decode(), 0 if stopped else (status or 1)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OHD_", "MAKE", "PYTEST"))}
        binaries = Path(sys.executable).parent
        return {
            **kept,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": str(CACHE / "author"),
            "GOCACHE": str(CACHE / "go" / "build"),
            "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
            "ZIG_LOCAL_CACHE_DIR": str(CACHE / "zig" / "local"),
            "COLUMNS": "100",
        }


def first_missing(shown: tuple[str, ...], printed: str) -> str | None:
    """Return the first line that is shown and was not printed in its place; … is anything."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for line in shown:
        wanted = " ".join(line.split())
        if wanted in ("", _ANYTHING):
            continue
        pattern = ".*".join(re.escape(part) for part in wanted.split(_ANYTHING))
        if not any(re.fullmatch(pattern, found) for found in lines):
            return line
    return None


def _heard_from(process: "subprocess.Popen[bytes]", output: tuple[str, ...]) -> str:
    """Return what is printed until ``output`` was, or something where nothing is expected."""
    assert process.stdout is not None
    end, heard = time.monotonic() + PATIENCE_S, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not heard or first_missing(output, heard.decode("utf-8", "replace")) is not None:
            if not selector.select(max(0.0, end - time.monotonic())):
                break
            more = os.read(process.stdout.fileno(), 1 << 16)
            if not more:
                break
            heard += more
    return heard.decode("utf-8", "replace")
