"""Asks a server for pages with wrk, as many people at once as are wanted, and counts them.

wrk is a Debian package: ``WrkMissing`` says so where it is not installed.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import trio

from benchmarks.served import NotServed

SECONDS = 2
"""How long wrk asks: a hundred users at once wait for about a second."""
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_SHARE = re.compile(r"^ +(50|99)% +([\d.]+)(us|ms|s) *$", re.MULTILINE)
_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_BROKEN = re.compile(r"Non-2xx or 3xx responses: \d+|Socket errors: .*")
_IN_TURN = """
local paths, cookies, threads = {%s}, {%s}, 0
setup = function(thread)
  thread:set("cookie", cookies[threads %% #cookies + 1])
  threads = threads + 1
end
local turn = 0
request = function()
  local path = paths[turn %% #paths + 1]
  turn = turn + 1
  return wrk.format("GET", path, {Cookie = cookie})
end
"""


class WrkMissing(Exception):
    """wrk is not installed."""

    def __init__(self) -> None:
        super().__init__("wrk is not installed: `apt-get install wrk`")


def find_wrk() -> str:
    """Return where wrk is; raises WrkMissing."""
    found = shutil.which("wrk")
    if found is None:
        raise WrkMissing
    return found


@dataclass(frozen=True, slots=True)
class Heard:
    """What wrk counted."""

    rate: float
    """How often a second somebody got all of the paths, one after the other."""
    p50_ms: float
    """Of single requests, as the next."""
    p99_ms: float


def ask(address: str, cookies: Sequence[str], paths: Sequence[str], users: int) -> Heard:
    """Have so many users ask for all of ``paths`` again and again. Blocking.

    Each has a connection, and one of the ``cookies`` of people who are signed in. Raises NotServed
    where a page was refused.
    """
    command = [
        find_wrk(),
        f"-t{users}",
        f"-c{users}",
        f"-d{SECONDS}s",
        "--timeout",
        "30s",
        "--latency",
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_IN_TURN % (_listed(paths), _listed(cookies)))
        script.flush()
        done = subprocess.run(
            [*command, "-s", script.name, address],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    broken, rate = _BROKEN.search(done.stdout), _RATE.search(done.stdout)
    shares = {share: float(time) * _MS[unit] for share, time, unit in _SHARE.findall(done.stdout)}
    if broken or rate is None or len(shares) != 2:
        raise NotServed(f"{paths}: {broken[0] if broken else done.stdout}")
    return Heard(float(rate[1]) / len(paths), shares["50"], shares["99"])


async def rate(address: str, cookies: Sequence[str], paths: Sequence[str], users: int) -> float:
    """Return the rate alone; see :func:`ask`."""
    return (await trio.to_thread.run_sync(ask, address, cookies, paths, users)).rate


def readers(page: str, users: int) -> str:
    """Return the name of a row about so many readers of a page."""
    return f"{page}, {users} user{'s' if users > 1 else ''}"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)
