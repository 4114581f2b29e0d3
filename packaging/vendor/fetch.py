"""Fetches what browsers get that others wrote: Chart.js, for widgets and pages of plugins.

``make run``, ``make test`` and ``make release`` run it. npm takes the package of the version in
``package.json`` with the SHA-512 in ``package-lock.json``; the two files that are served and
shipped are copied beside ours, and git ignores them. The server compares the script's SHA-256.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from webapp.rendering.vendored import CHART, FOLDER

HERE = Path(__file__).resolve().parent
_FILES = {"dist/chart.umd.js": CHART.name, "LICENSE.md": "chart.LICENSE.md"}


class CannotFetch(Exception):
    """Why it is not there, and what to do."""


def fetch() -> None:
    """Put the files into place unless they are there; raises CannotFetch."""
    if all((FOLDER / name).exists() for name in _FILES.values()) and _is_right():
        return
    if shutil.which("npm") is None:
        raise CannotFetch("Chart.js: npm is not installed; install Node.js, then run `make vendor`")
    with tempfile.TemporaryDirectory(prefix="ohd-vendor-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, Path(folder, name))
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise CannotFetch(f"Chart.js: npm ci failed: {' '.join(last)}")
        FOLDER.mkdir(exist_ok=True)
        for source, name in _FILES.items():
            shutil.copyfile(Path(folder, "node_modules/chart.js", source), FOLDER / name)
    if not _is_right():
        raise CannotFetch(f"Chart.js: its SHA-256 is not the one in {CHART.source}")


def _is_right() -> bool:
    return hashlib.sha256((FOLDER / CHART.name).read_bytes()).hexdigest() == CHART.sha256


def main() -> int:
    """Fetch; with ``--optional``, say why it is missing and go on."""
    try:
        fetch()
    except CannotFetch as missing:
        sys.stderr.write(f"not available: {missing}\n")
        return 0 if "--optional" in sys.argv else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
