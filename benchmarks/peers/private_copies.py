"""Forked processes that each read one module's compiled code into memory of their own.

Figure: PSS of ``count`` of them and of the process that they are forked from, in bytes.
``private_copies MODULE PAYLOAD``, both files. Like our children they share the interpreter with the
process that they came from; unlike ours the compiled code is theirs alone.
"""

import os
import sys
from pathlib import Path

import psutil

from benchmarks.memory_map import pss_mb
from benchmarks.peers.protocol import serve
from benchmarks.peers.wasmtime_call import InProcess, compile_code


def main(module: str, payload: str) -> None:
    """Compile in a process that ends, so that the one that forks stays small; serve figures."""
    code, event = Path(payload).with_suffix(".copies"), Path(payload).read_bytes()
    if (compiler := os.fork()) == 0:
        code.write_bytes(compile_code(Path(module).read_bytes()))
        os._exit(0)
    os.waitpid(compiler, 0)

    def measure(count: int) -> float:
        ready, wait = os.pipe(), os.pipe()
        children = [fork(ready[1], wait) for _ in range(count)]
        try:
            for _ in children:
                os.read(ready[0], 1)
            return pss_mb([psutil.Process().pid, *children]) * 1e6
        finally:
            for end in (*ready, *wait):
                os.close(end)
            for child in children:
                os.waitpid(child, 0)

    def fork(ready: int, wait: tuple[int, int]) -> int:
        if child := os.fork():
            return child
        os.close(wait[1])
        guest = InProcess(code.read_bytes(), compiled=True)
        guest.deliver(event)
        os.write(ready, b"r")
        os.read(wait[0], 1)
        os._exit(0)

    serve(measure)


if __name__ == "__main__":
    main(*sys.argv[1:])
