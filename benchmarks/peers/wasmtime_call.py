"""wasmtime-py running an ``ohd`` plugin in this process by its ordinary calls.

Figure: mean seconds of an event. The host functions do what the contract asks (the request is
copied out, the answer is written into memory that the guest allocates) and answer at once. WASI is
wasmtime's own. ``wasmtime_call MODULE PAYLOAD``, both files.
"""

import sys
import time
from pathlib import Path
from typing import Any

import wasmtime

from benchmarks.peers.protocol import serve

_ANSWER = b"ok"
_STATUS = 200


def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.epoch_interruption = True
    return wasmtime.Engine(config)


def compile_code(module: bytes) -> bytes:
    """Return a module's compiled code, for ``InProcess(…, compiled=True)``."""
    return bytes(wasmtime.Module(_engine(), module).serialize())


class InProcess:
    """One instance of a plugin."""

    def __init__(self, module: bytes, *, compiled: bool = False) -> None:
        engine = _engine()
        load = wasmtime.Module.deserialize if compiled else wasmtime.Module
        self.store = wasmtime.Store(engine)
        self.store.set_limits(memory_size=64 << 20)
        self.store.set_epoch_deadline(10**9)
        self.store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        i32 = wasmtime.ValType.i32()
        log_type = wasmtime.FuncType([i32] * 3, [])
        http_type = wasmtime.FuncType([i32] * 4, [i32])
        linker.define_func("ohd", "ohd_log", log_type, lambda *_: None)
        linker.define_func("ohd", "ohd_http_request", http_type, self._http)
        instance = linker.instantiate(self.store, load(engine, module))
        exports: Any = instance.exports(self.store)
        self.alloc, self.free = exports["ohd_alloc"], exports["ohd_free"]
        self.on_event, self.memory = exports["on_event"], exports["memory"]
        initialize = exports.get("_initialize")
        if initialize is not None:
            initialize(self.store)

    def deliver(self, payload: bytes) -> None:
        """Hand one event to the guest."""
        store, length = self.store, len(payload)
        pointer = self.alloc(store, length)
        self.memory.write(store, payload, pointer)
        self.on_event(store, pointer, length)
        self.free(store, pointer, length)

    def _http(self, request: int, length: int, pointer_out: int, length_out: int) -> int:
        store, memory = self.store, self.memory
        bytes(memory.read(store, request, request + length))
        address = self.alloc(store, len(_ANSWER))
        memory.write(store, _ANSWER, address)
        memory.write(store, address.to_bytes(4, "little"), pointer_out)
        memory.write(store, len(_ANSWER).to_bytes(4, "little"), length_out)
        return _STATUS


def main(module: str, payload: str) -> None:
    """Serve figures."""
    guest = InProcess(Path(module).read_bytes())
    data = Path(payload).read_bytes()

    def measure(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            guest.deliver(data)
        return (time.perf_counter() - started) / count

    serve(measure)


if __name__ == "__main__":
    main(*sys.argv[1:])
