"""A fresh CPython that has loaded wasmtime-py and one plugin. Figure: its private memory, bytes.

``fresh_process MODULE PAYLOAD``: it has handled the payload once.
"""

import sys
from pathlib import Path

import psutil

from benchmarks.peers.protocol import serve
from benchmarks.peers.wasmtime_call import InProcess


def main(module: str, payload: str) -> None:
    """Serve the process's own figure."""
    guest = InProcess(Path(module).read_bytes())
    guest.deliver(Path(payload).read_bytes())
    serve(lambda _count: float(psutil.Process().memory_full_info().uss))


if __name__ == "__main__":
    main(*sys.argv[1:])
