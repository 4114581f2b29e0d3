"""One guest: a store with its limits, the imports that it is given, its instance and its memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import wasmtime

from sandbox_child.runtime.direct import (
    GuestFunction,
    HostFunction,
    MemoryView,
    define_host_function,
    export_of,
    guest_error,
    memory_of_caller,
)
from sandbox_child.runtime.errors import GuestTrapped
from sandbox_child.wasm.facts import FuncType

PAGE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class HostImport:
    """A function that the host gives, with its signature."""

    type: FuncType
    function: HostFunction


@dataclass(frozen=True, slots=True)
class GuestLimits:
    """Ceilings of the store. At them ``memory.grow`` and ``table.grow`` give the guest -1."""

    memory_bytes: int
    table_elements: int


class Guest:
    """A module that is being, or has been, instantiated. Not reusable after a failure."""

    def __init__(
        self, engine: wasmtime.Engine, module: wasmtime.Module, limits: GuestLimits
    ) -> None:
        self._module = module
        self._linker = wasmtime.Linker(engine)
        self._store = wasmtime.Store(engine)
        self._store.set_limits(
            memory_size=limits.memory_bytes,
            table_elements=limits.table_elements,
            instances=1,
            tables=16,
            memories=1,
        )
        self.rearm()
        self._instance: wasmtime.Instance | None = None
        self._memory: MemoryView | None = None
        self.limits = limits
        self.own_maximum: int | None = None
        """Bytes at which the module itself bounds its memory."""

    def define(self, imports: Mapping[tuple[str, str], HostImport]) -> None:
        """Give the guest ``imports``; only names that the module asks for need to be there."""
        for (module, name), given in imports.items():
            define_host_function(self._linker, module, name, given.type, given.function)

    def instantiate(self) -> None:
        """Create the instance, which runs its start section; raises GuestError."""
        try:
            self._instance = self._linker.instantiate(self._store, self._module)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as failure:
            raise guest_error(failure) from None
        memory = export_of(self._store, self._instance, "memory")
        if not isinstance(memory, wasmtime.Memory):
            raise GuestTrapped("the export memory is no memory")
        self._wasm_memory = memory
        self._memory = MemoryView(self._store, memory)
        self.own_maximum = _own_maximum(memory.type(self._store).limits.max)

    def rearm(self) -> None:
        """Let the guest run until the engine's epoch moves the next time."""
        self._store.set_epoch_deadline(1)

    def memory(self) -> MemoryView:
        """Return the memory; inside a start section it is found by way of the caller."""
        if self._memory is None:
            memory = memory_of_caller()
            if memory is None:
                raise GuestTrapped("the module exports no memory")
            return MemoryView(self._store, memory)
        return self._memory

    def grow(self, pages: int) -> int | None:
        """Grow the memory from the host's side; return the old size in bytes, None at the limit."""
        try:
            return self._wasm_memory.grow(self._store, pages) * PAGE_BYTES
        except wasmtime.WasmtimeError:
            return None

    def close(self) -> None:
        """Give the instance and its reserved addresses back; nothing may be called after it."""
        self._instance = self._memory = None
        self._linker.close()
        self._store.close()

    def function(
        self, name: str, parameters: Sequence[str], results: Sequence[str]
    ) -> GuestFunction:
        """Return an export of this signature; raises GuestTrapped where there is none."""
        function = self.find_function(name, parameters, results)
        if function is None:
            wanted = f"({', '.join(parameters)}) -> ({', '.join(results)})"
            raise GuestTrapped(f"the module exports no function {name} of the type {wanted}")
        return function

    def find_function(
        self, name: str, parameters: Sequence[str], results: Sequence[str]
    ) -> GuestFunction | None:
        """Return an export of this signature, or None.

        The signature is looked at here, whatever was examined earlier: a call with another one
        would write over memory of this process.
        """
        assert self._instance is not None  # noqa: S101 - for the type checker
        function = export_of(self._store, self._instance, name)
        if not isinstance(function, wasmtime.Func):
            return None
        found = function.type(self._store)
        if [str(t) for t in found.params] != [*parameters]:
            return None
        if [str(t) for t in found.results] != [*results]:
            return None
        return GuestFunction(self._store, function, parameters, results)


def _own_maximum(pages: int | None) -> int | None:
    return None if pages is None else pages * PAGE_BYTES
