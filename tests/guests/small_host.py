"""A bare host for guests, straight on wasmtime: proves that a guest does what it says.

It believes the guest, knows no limits and no manifest, and is no model of the real host. Its use is
to test the guests themselves, so that a failure elsewhere is not the guest's.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import wasmtime

I32 = wasmtime.ValType.i32()


@dataclass
class SmallHost:
    """One instance; ``http_status`` and ``http_body`` answer every request."""

    module: bytes = field(repr=False)
    http_status: int = 200
    http_body: bytes = b""
    logs: list[tuple[int, str]] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)
    replies: list[Any] = field(default_factory=list)
    fields: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        # Standard Go and C need WASI to start; wasmtime's own serves a test of the guest alone.
        self.store.set_wasi(wasmtime.WasiConfig())
        linker.define_wasi()
        for name, inputs, results, call in (
            ("ohd_log", 3, [], self._log),
            ("ohd_http_request", 4, [I32], self._http),
            ("ohd_add_reply", 2, [I32], lambda p, n: self._keep(self.replies, p, n)),
            ("ohd_set_custom_field", 2, [I32], lambda p, n: self._keep(self.fields, p, n)),
        ):
            linker.define_func("ohd", name, wasmtime.FuncType([I32] * inputs, results), call)
        # Nothing is ever freed here.
        linker.define_func("ohd", "ohd_free", wasmtime.FuncType([I32] * 2, []), lambda _p, _n: None)
        linker.define_func("env", "abort", wasmtime.FuncType([I32] * 4, []), self._abort)
        instance = linker.instantiate(self.store, wasmtime.Module(engine, self.module))
        self.exports = instance.exports(self.store)
        self.memory = self.exports["memory"]
        if "_initialize" in self.exports:
            self.exports["_initialize"](self.store)

    def on_event(self, event: dict[str, Any]) -> None:
        """Deliver one event."""
        payload = json.dumps(event).encode()
        pointer, free = self.put(payload)
        self.exports["on_event"](self.store, pointer, len(payload))
        free()

    def call(self, name: str, *args: int) -> Any:
        """Call an export with numbers."""
        return self.exports[name](self.store, *args)

    def put(self, data: bytes) -> Any:
        """Write ``data`` into the guest; return pointer and a way to free.

        It goes where the guest's own allocator says, into new pages where there is none.
        """
        if "ohd_alloc" in self.exports:
            pointer = self.call("ohd_alloc", len(data))
            free = lambda: self.call("ohd_free", pointer, len(data))  # noqa: E731
        elif "malloc" in self.exports:
            pointer = self.call("malloc", len(data))
            free = lambda: self.call("free", pointer)  # noqa: E731
        elif "__new" in self.exports:
            pointer = self.call("__new", len(data), 1)
            self.call("__pin", pointer)
            free = lambda: self.call("__unpin", pointer)  # noqa: E731
        else:
            pointer = self.memory.data_len(self.store)
            self.memory.grow(self.store, len(data) // 65536 + 1)
            free = lambda: None  # noqa: E731
        self.memory.write(self.store, data, pointer)
        return pointer, free

    def get(self, pointer: int, length: int) -> bytes:
        """Read the guest's memory."""
        return bytes(self.memory.read(self.store, pointer, pointer + length))

    def _log(self, pointer: int, length: int, level: int) -> None:
        self.logs.append((level, self.get(pointer, length).decode()))

    def _http(self, pointer: int, length: int, out_pointer: int, out_length: int) -> int:
        try:
            self.requests.append(json.loads(self.get(pointer, length)))
        except ValueError:
            return 0
        where = self.put(self.http_body)[0] if self.http_body else 0
        self.memory.write(self.store, where.to_bytes(4, "little"), out_pointer)
        self.memory.write(self.store, len(self.http_body).to_bytes(4, "little"), out_length)
        return self.http_status

    def _keep(self, kept: list[Any], pointer: int, length: int) -> int:
        try:
            kept.append(json.loads(self.get(pointer, length)))
        except ValueError:
            return 1
        return 0

    def _abort(self, *_where: int) -> None:
        raise RuntimeError("the guest called abort")
