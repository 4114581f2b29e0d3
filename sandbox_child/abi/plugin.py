"""A plugin of the ``ohd`` contract in its process: its start, its events, its panel."""

import struct
from dataclasses import dataclass

import wasmtime

from sandbox_child.abi.allocator import Allocator, make_allocator
from sandbox_child.abi.host import HostLink, read_guest
from sandbox_child.abi.javascript import JavaScript
from sandbox_child.abi.ohd import OhdFunctions
from sandbox_child.abi.signatures import GOJS, is_javascript_bridge
from sandbox_child.abi.toolchains import AssemblyScriptEnv, Gojs
from sandbox_child.abi.wasi import Wasi
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import (
    BadGuestValue,
    GuestError,
    GuestExited,
    GuestInterrupted,
    GuestOutOfMemory,
    GuestTrapped,
)
from sandbox_child.runtime.guest import Guest, GuestLimits, HostImport
from sandbox_child.wasm.facts import FuncType
from sandbox_child.wire.entry import Entry
from sandbox_child.wire.messages import OutcomeCode

_MAX_URL = 8 * 1024
_C_SHARED = (
    "TinyGo's //go:wasmexport works in a program whose main has returned only where it is built "
    "with -buildmode=c-shared"
)
_PAIR = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class GuestBudget:
    """What one guest may use; sizes in bytes."""

    memory: int
    table_elements: int
    max_request: int
    max_log: int


class BadPanel(GuestError):
    """``render_panel`` gave back something that is no URL's text."""


class OhdPlugin:
    """One instance. After any failure it must be thrown away."""

    def __init__(
        self,
        engine: wasmtime.Engine,
        module: wasmtime.Module,
        entry: Entry,
        budget: GuestBudget,
        link: HostLink,
    ) -> None:
        self._entry = entry
        self.left = False
        """Whether the guest has left by ``proc_exit(0)`` in an event."""
        self._guest = Guest(engine, module, GuestLimits(budget.memory, budget.table_elements))
        self._functions = OhdFunctions(self._guest, link, budget.max_request, budget.max_log)
        self._wasi = Wasi(self._guest, link)
        self._gojs = Gojs(self._guest)
        env = AssemblyScriptEnv(self._guest, link)
        known = self._functions.functions() | self._wasi.functions() | env.functions()
        javascript = JavaScript(self._guest, link)
        self._guest.define(_needed(module, known, self._gojs, javascript))

    def start(self) -> None:
        """Run the start section, then ``_initialize`` or ``_start``; raises GuestError."""
        self._guest.instantiate()
        self._allocator: Allocator = make_allocator(self._guest, self._entry)
        self._functions.allocator = self._allocator
        self._gojs.scheduler = self._guest.find_function("go_scheduler", (), ())
        if self._entry.start != "none":
            try:
                self._guest.function(self._entry.start, (), ())()
                self._gojs.run_scheduler()
            except GuestExited as exc:
                if exc.code != 0:
                    raise
        self._wasi.flush()
        if self._entry.on_event:
            self._on_event = self._guest.function("on_event", ("i32", "i32"), ())
        self._functions.started = True

    def on_event(self, payload: bytes) -> None:
        """Hand one event to the guest and take its memory back; raises GuestError.

        A guest that leaves by ``proc_exit(0)`` has done its work. Its stack is where it left it, so
        that the instance must not be used again: see :attr:`left`.
        """
        length = len(payload)
        allocator = self._allocator
        pointer = allocator.alloc(length)
        self._guest.memory().write(pointer, payload)
        try:
            self._on_event(pointer, length)
            self._gojs.run_scheduler()
        except GuestExited as exc:
            if exc.code != 0:
                raise
            self.left = True
            return
        allocator.free(pointer, length)

    def render_panel(self, ticket_id: bytes) -> str:
        """Ask for the panel of a ticket; raises GuestError, BadPanel for what is no text."""
        length = len(ticket_id)
        pointer = self._allocator.alloc(length)
        self._guest.memory().write(pointer, ticket_id)
        address, size = self._call_panel(pointer, length)
        self._allocator.free(pointer, length)
        if not 0 < size <= _MAX_URL:
            raise BadPanel(f"render_panel returned {size} bytes; 1 to {_MAX_URL} are expected")
        try:
            return read_guest(self._guest, "render_panel", address, size).decode("utf-8")
        except UnicodeDecodeError:
            raise BadPanel("render_panel returned text that is not UTF-8") from None

    def memory_bytes(self) -> int:
        """Return the size of the linear memory, which never shrinks."""
        return self._guest.memory().size()

    def rearm(self) -> None:
        """Forget an interruption that came when the guest call it was for had just ended."""
        self._guest.rearm()

    def flush(self) -> None:
        """Log what the guest wrote without a line end."""
        self._wasi.flush()

    def explain(self, failure: GuestError) -> GuestError:
        """Return the failure, or in its place that memory had run out, where that led to it."""
        if self._wasi.said_main_returned and isinstance(failure, GuestTrapped):
            return _with_hint(failure, _C_SHARED)
        clear = isinstance(failure, GuestInterrupted | BadPanel | GuestOutOfMemory)
        if clear or not self._memory_used_up(failure):
            return failure
        limit, own = self._guest.limits.memory_bytes, self._guest.own_maximum
        found = GuestOutOfMemory(self.memory_bytes(), limit, str(failure), own)
        found.backtrace = failure.backtrace
        return found

    def classify(self, failure: GuestError) -> OutcomeCode:
        """Name how a guest call failed, once it is explained."""
        if isinstance(failure, GuestInterrupted):
            return OutcomeCode.TIMEOUT
        if isinstance(failure, BadPanel):
            return OutcomeCode.BAD_RESULT
        if isinstance(failure, GuestOutOfMemory):
            return OutcomeCode.OUT_OF_MEMORY
        return OutcomeCode.EXIT if isinstance(failure, GuestExited) else OutcomeCode.TRAP

    def _memory_used_up(self, failure: GuestError) -> bool:
        # A guest sees -1 from memory.grow and then fails in its own way; nothing tells the host. A
        # memory within a sixteenth of its limit, or a runtime that said so, is taken as the cause.
        if isinstance(failure, BadGuestValue):
            return False
        limit = self._guest.limits.memory_bytes
        try:
            used = self.memory_bytes()
        except GuestError:
            return False
        return self._wasi.said_out_of_memory or used > limit - limit // 16

    def _call_panel(self, pointer: int, length: int) -> tuple[int, int]:
        i = "i32"
        if self._entry.panel == "multi_value":
            panel = self._guest.function("render_panel", (i, i), (i, i))
            return panel(pointer, length), panel.second_result()
        if self._entry.panel == "packed_i64":
            panel = self._guest.function("render_panel", (i, i), ("i64",))
            panel(pointer, length)
            packed = panel.result64()
            return packed >> 32, packed & 0xFFFFFFFF
        panel = self._guest.function("render_panel", (i, i, i), ())
        place = self._allocator.alloc(_PAIR.size)
        panel(place, pointer, length)
        address, size = _PAIR.unpack(read_guest(self._guest, "render_panel", place, _PAIR.size))
        self._allocator.free(place, _PAIR.size)
        return address, size


def _with_hint(failure: GuestError, hint: str) -> GuestError:
    found = GuestTrapped(f"{failure}\n{hint}")
    found.backtrace = failure.backtrace
    return found


def _needed(
    module: wasmtime.Module,
    known: dict[tuple[str, str], HostFunction],
    gojs: Gojs,
    javascript: JavaScript,
) -> dict[tuple[str, str], HostImport]:
    """Pair what the module imports, examined at its installation, with what stands behind it."""
    chosen = {}
    for wanted in module.imports:
        key = (wanted.module, wanted.name or "")
        if not isinstance(wanted.type, wasmtime.FuncType):
            continue
        type_ = FuncType(
            tuple(str(value) for value in wanted.type.params),
            tuple(str(value) for value in wanted.type.results),
        )
        if is_javascript_bridge(*key):
            chosen[key] = HostImport(type_, javascript.function(key[1], type_))
        elif key[0] == GOJS:
            chosen[key] = HostImport(type_, gojs.function(key[1], type_))
        elif key in known:
            chosen[key] = HostImport(type_, known[key])
    return chosen
