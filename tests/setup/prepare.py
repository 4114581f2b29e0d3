"""Brings what the tests need and pip does not: npm packages, Chromium, the guests.

`make test` runs it before pytest. It may be run any number of times, and does nothing the second
time. What cannot be had on a machine is named with the reason, and the tests that need it are
skipped; in CI (``CI=true``) that is a failure, so that a green run means that everything ran.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.guests.build import build_guest, guest_names
from tests.guests.toolchains import NODE_FOLDER, BuildFailed, ToolMissing

LOCK_FOLDER = Path(__file__).resolve().parent / "node"
OLDEST_NODE = 20
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Missing(Exception):
    """Something cannot be had on this machine; the message is the reason."""


def main() -> int:
    """Run every step; return 1 where one failed that may not."""
    in_ci = os.environ.get("CI") == "true"
    missing = [reason for step in (prepare_npm_packages, prepare_browser) if (reason := _try(step))]
    broken, unbuilt = prepare_guests()
    for reason in missing + unbuilt:
        _say(f"not available: {reason}")
    for reason in broken:
        _say(reason)
    return 1 if broken or (in_ci and (missing or unbuilt)) else 0


def _try(step: Callable[[], None]) -> str | None:
    try:
        step()
    except Missing as missing:
        return str(missing)
    return None


def prepare_npm_packages() -> None:
    """Install AssemblyScript and axe, unless the same lock was installed before."""
    lock = (LOCK_FOLDER / "package-lock.json").read_bytes()
    mark = NODE_FOLDER / "installed-lock"
    digest = hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text("ascii") == digest:
        return
    _check_node()
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCK_FOLDER / name, NODE_FOLDER / name)
    _say("installing AssemblyScript and axe with npm")
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], NODE_FOLDER)
    mark.write_text(digest, "ascii")


def _check_node() -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("AssemblyScript, axe: npm is not installed; install Node.js 20 or later")
    version = _run(["node", "--version"], LOCK_FOLDER).strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        raise Missing(f"AssemblyScript: it needs Node.js {OLDEST_NODE} or later; this is {version}")


def prepare_browser() -> None:
    """Install Debian's Chromium when root on a machine with apt, unless a browser is there."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing("Chromium: install it (`apt-get install chromium`), or run this as root once")
    _say("installing Chromium with apt")
    _run([apt, "-q", "update"], LOCK_FOLDER)
    _run([apt, "-qy", "install", "--no-install-recommends", "chromium"], LOCK_FOLDER)
    if not any(shutil.which(name) for name in BROWSERS):
        raise Missing("Chromium: apt installed a package without the program")


def prepare_guests() -> tuple[list[str], list[str]]:
    """Build every guest plugin; return what is broken, and what lacks its compiler."""
    broken, unbuilt = [], []
    for name in guest_names():
        try:
            build_guest(name)
        except ToolMissing as missing:
            unbuilt.append(f"guest {name}: {missing}")
        except BuildFailed as failed:
            broken.append(f"guest {name}: {failed}")
    return broken, unbuilt


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Missing(f"{' '.join(command[:2])} failed: {' '.join(last)}")
    return done.stdout


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
