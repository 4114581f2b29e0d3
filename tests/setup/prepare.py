"""Brings what the tests need and pip does not: npm packages, Rust, Chromium, Dovecot, the guests.

`make test` runs it before pytest. It may be run any number of times, and does nothing the second
time. What cannot be had on a machine is named with the reason, and the tests that need it are
skipped; in CI (``CI=true``) that is a failure, so that a green run means that everything ran. The
one exception is what no registry offers (TinyGo): its tests are skipped with the reason there too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.guests.build import build_guest, guest_names
from tests.guests.goatkit_guests import build_goatkit, goatkit_names
from tests.guests.toolchains import (
    NODE_FOLDER,
    BuildFailed,
    ToolMissing,
    ToolUnobtainable,
    rustc,
)
from tests.helpdesk.files.scan_server import clamd
from tests.mail_servers.servers import dovecot
from tests.native.build import build_native, build_rust, download_project_modules

LOCK_FOLDER = Path(__file__).resolve().parent / "node"
OLDEST_NODE = 20
PAUSE_S = 5.0
RUST_PACKAGES = ("rustc", "libstd-rust-dev-wasm32", "lld", "rustfmt")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Missing(Exception):
    """Something cannot be had on this machine; the message is the reason."""


def main() -> int:
    """Run every step; return 1 where one failed that may not."""
    in_ci = os.environ.get("CI") == "true"
    steps = (
        *(prepare_npm_packages, prepare_rust, prepare_browser, prepare_vendored),
        *(prepare_native, prepare_rust_plugin, prepare_imap, prepare_scanner),
    )
    tries = 3 if in_ci else 1
    missing = [reason for step in steps if (reason := _try(step, tries))]
    broken, unbuilt, unobtainable = prepare_guests()
    for reason in missing + unbuilt + unobtainable:
        _say(f"not available: {reason}")
    for reason in broken:
        _say(reason)
    return 1 if broken or (in_ci and (missing or unbuilt)) else 0


def _try(step: Callable[[], None], tries: int) -> str | None:
    """Do a step, again after a pause where it fails: registries do at times."""
    reason = None
    for attempt in range(tries):
        if attempt:
            _say(f"{reason}; trying again")
            time.sleep(PAUSE_S)
        try:
            step()
        except Missing as missing:
            reason = str(missing)
        else:
            return None
    return reason


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


def prepare_rust() -> None:
    """Install Debian's Rust for wasm32, unless a rustc on this machine has that target."""
    try:
        rustc()
    except ToolMissing as missing:
        _install_with_apt("Rust for wasm32", RUST_PACKAGES, str(missing))
        rustc()


def prepare_browser() -> None:
    """Install Debian's Chromium, unless a browser is there."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    _install_with_apt("Chromium", ["chromium"], "run `apt-get install chromium`")
    if not any(shutil.which(name) for name in BROWSERS):
        raise Missing("Chromium: apt installed a package without the program")


def prepare_imap() -> None:
    """Install Debian's Dovecot, unless it is there; the tests start it themselves."""
    if dovecot() is None:
        _install_with_apt("Dovecot", ["dovecot-imapd"], "run `apt-get install dovecot-imapd`")
    if dovecot() is None:
        raise Missing("Dovecot: apt installed a package without the program")


def prepare_scanner() -> None:
    """Install Debian's ClamAV, unless it is there; the tests start it themselves."""
    if clamd() is None:
        _install_with_apt("ClamAV", ["clamav-daemon"], "run `apt-get install clamav-daemon`")
    if clamd() is None:
        raise Missing("ClamAV: apt installed a package without the program")


def _install_with_apt(what: str, packages: Sequence[str], otherwise: str) -> None:
    """Install Debian packages when root on a machine with apt; raises Missing."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing(f"{what}: {otherwise}, or run this as root once")
    _say(f"installing {what} with apt")
    # Another installation may be under way.
    patient = [apt, "-q", "-o", "DPkg::Lock::Timeout=300"]
    _run([*patient, "update"], LOCK_FOLDER)
    _run([*patient, "-y", "install", "--no-install-recommends", *packages], LOCK_FOLDER)


def prepare_vendored() -> None:
    """Fetch Chart.js, which documents of plugins load."""
    _run([sys.executable, "packaging/vendor/fetch.py"], LOCK_FOLDER.parents[2])


def prepare_native() -> None:
    """Get the modules that native plugins are built from, and build two."""
    try:
        build_native("netrpc")
        build_native("netrpc", "grpc")
        download_project_modules()
    except (ToolMissing, BuildFailed) as failed:
        raise Missing(f"native plugins: {failed}") from None


def prepare_rust_plugin() -> None:
    """Build the native plugin in Rust where a recent Cargo is there; Debian's is too old for it."""
    try:
        build_rust()
    except (ToolMissing, BuildFailed) as failed:
        _say(f"not available: the native plugin in Rust: {str(failed)[:300]}")


def prepare_guests() -> tuple[list[str], list[str], list[str]]:
    """Build every guest; return what is broken, lacks its compiler, and cannot get it anywhere."""
    broken, unbuilt, unobtainable = [], [], []
    for name in [*guest_names(), *(f"goatkit/{each}" for each in goatkit_names())]:
        try:
            kind, _, label = name.partition("/")
            build_goatkit(label) if kind == "goatkit" else build_guest(name)
        except ToolUnobtainable as missing:
            unobtainable.append(f"guest {name}: {missing}")
        except ToolMissing as missing:
            unbuilt.append(f"guest {name}: {missing}")
        except BuildFailed as failed:
            broken.append(f"guest {name}: {failed}")
    return broken, unbuilt, unobtainable


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
