"""Extism's Python SDK calling a guest in this process. Figure: mean seconds of a call.

``extism_call MODULE FUNCTION PAYLOAD``, the first and the last being files.
"""

import sys
import time
from pathlib import Path

import extism

from benchmarks.peers.protocol import serve


def main(module: str, function: str, payload: str) -> None:
    """Instantiate once, call often, as a program that uses the SDK would."""
    data = Path(payload).read_bytes()
    with extism.Plugin(Path(module).read_bytes()) as plugin:

        def measure(count: int) -> float:
            started = time.perf_counter()
            for _ in range(count):
                plugin.call(function, data)
            return (time.perf_counter() - started) / count

        serve(measure)


if __name__ == "__main__":
    main(*sys.argv[1:])
