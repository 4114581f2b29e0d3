"""``python -m benchmarks.prepare``: brings what the rows need and pip does not: wrk, other peers.

`make bench` runs it first; it does nothing the second time. What cannot be had on a machine is said
with the reason, and its cells stay empty; in CI (``CI=true``) that is a failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from benchmarks.django import build_django_helpdesk
from benchmarks.native import build_go_peer
from tests.guests.toolchains import BuildFailed, ToolMissing


class Missing(Exception):
    """Something cannot be had on this machine; the message is the reason."""


def main() -> int:
    """Bring everything; return 1 where in CI something is missing."""
    missing = [
        reason
        for step in (bring_wrk, build_wazero, build_goplugin, build_django_helpdesk)
        if (reason := _try(step))
    ]
    for reason in missing:
        sys.stderr.write(f"not available: {reason}\n")
    return 1 if missing and os.environ.get("CI") == "true" else 0


def _try(step: Callable[[], object]) -> str | None:
    try:
        step()
    except (Missing, ToolMissing, BuildFailed) as missing:
        return str(missing).splitlines()[0]
    return None


def bring_wrk() -> None:
    """Install Debian's wrk when root on a machine with apt, unless it is there."""
    if shutil.which("wrk"):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing("wrk: install it (`apt-get install wrk`), or run this as root once")
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "wrk"]):
        done = subprocess.run(
            [apt, "-q", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise Missing(f"wrk: apt-get {arguments[0]} failed: {' '.join(said)}")


def build_wazero() -> None:
    """Build the peer, which fetches wazero the first time."""
    build_go_peer("wazero")


def build_goplugin() -> None:
    """Build HashiCorp's host of native plugins, which fetches go-plugin the first time."""
    build_go_peer("goplugin")


if __name__ == "__main__":
    sys.exit(main())
