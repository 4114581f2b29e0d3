"""Fresh CPythons that have each loaded wasmtime-py and one plugin. Figure: their memory, in bytes.

``fresh_process uss MODULE PAYLOAD``: what this process shares with no other.
``fresh_process rss MODULE PAYLOAD``: all of it, which is its PSS where nothing else runs.
``fresh_process pss MODULE PAYLOAD``: PSS of ``count`` of them at once. The module is compiled once,
elsewhere, and each reads the compiled code into memory of its own.

Each has handled the payload once.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.memory_map import pss_mb, rss_mb
from benchmarks.peers.protocol import serve
from benchmarks.peers.wasmtime_call import InProcess, compile_code


def main(figure: str, module: str, payload: str) -> None:
    """Serve the figure."""
    if figure == "pss":
        serve(_several(module, payload))
        return
    guest = InProcess(Path(module).read_bytes())
    guest.deliver(Path(payload).read_bytes())
    if figure == "uss":
        serve(lambda _count: float(psutil.Process().memory_full_info().uss))
    else:
        serve(lambda _count: rss_mb(psutil.Process().pid) * 1e6)


def _several(module: str, payload: str) -> Callable[[int], float]:
    code = Path(payload).with_suffix(".cwasm")
    code.write_bytes(compile_code(Path(module).read_bytes()))
    command = [sys.executable, "-m", "benchmarks.peers.fresh_process", "one", str(code), payload]

    def measure(count: int) -> float:
        started = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(count)
        ]
        try:
            for process in started:
                assert process.stdout is not None
                process.stdout.readline()
            return pss_mb(process.pid for process in started) * 1e6
        finally:
            for process in started:
                process.kill()
                process.communicate()

    return measure


def one(code: str, payload: str) -> None:
    """Be one of several: load compiled code, handle the payload, and wait for the end."""
    guest = InProcess(Path(code).read_bytes(), compiled=True)
    guest.deliver(Path(payload).read_bytes())
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "one":
        one(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
