"""One instance of a module with what every contract shares: its start, its runtime, its failures.

A contract adds the functions that its guests import and the calls that its guests take: see
``ohd.plugin`` and ``goatkit.plugin``. Neither knows of the other.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import wasmtime

from sandbox_child.abi.allocator import Allocator, make_allocator
from sandbox_child.abi.host import HostLink
from sandbox_child.abi.javascript import JavaScript
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
from sandbox_child.wire.frames import Head
from sandbox_child.wire.messages import OutcomeCode

_C_SHARED = (
    "TinyGo's //go:wasmexport works in a program whose main has returned only where it is built "
    "with -buildmode=c-shared"
)


@dataclass(frozen=True, slots=True)
class GuestBudget:
    """What one guest may use; sizes in bytes."""

    memory: int
    table_elements: int
    max_request: int
    max_log: int


class BadResult(GuestError):
    """A guest call gave back something that its contract does not know."""


class Instance(ABC):
    """A guest and its host functions. After any failure it must be discarded."""

    def __init__(
        self,
        engine: wasmtime.Engine,
        module: wasmtime.Module,
        entry: Entry,
        budget: GuestBudget,
        link: HostLink,
    ) -> None:
        self.entry = entry
        self.budget = budget
        self.link = link
        self.left = False
        """Whether the guest has left by ``proc_exit(0)`` in a guest call."""
        self.guest = Guest(engine, module, GuestLimits(budget.memory, budget.table_elements))
        self._wasi = Wasi(self.guest, link)
        self._gojs = Gojs(self.guest)
        env = AssemblyScriptEnv(self.guest, link)
        known = {**self.host_functions(), **self._wasi.functions(), **env.functions()}
        javascript = JavaScript(self.guest, link)
        self.guest.define(_needed(module, known, self._gojs, javascript))

    @abstractmethod
    def host_functions(self) -> Mapping[tuple[str, str], HostFunction]:
        """Return the contract's own imports; called once, before there is an instance."""

    @abstractmethod
    def allocator_ready(self) -> None:
        """The instance exists and its allocator can be called; its start function has not run."""

    @abstractmethod
    def started(self) -> None:
        """The start function has returned: guest calls may follow."""

    @abstractmethod
    def serve(self, work: Head, blob: bytes) -> bytes:
        """Make the guest call that a message asks for; return its result. Raises GuestError."""

    def start(self) -> None:
        """Run the start section, then ``_initialize`` or ``_start``; raises GuestError."""
        self.guest.instantiate()
        self.allocator: Allocator = make_allocator(self.guest, self.entry)
        self.allocator_ready()
        self._gojs.scheduler = self.guest.find_function("go_scheduler", (), ())
        if self.entry.start != "none":
            try:
                self.guest.function(self.entry.start, (), ())()
                self._gojs.run_scheduler()
            except GuestExited as exc:
                if exc.code != 0:
                    raise
        self._wasi.flush()
        self.started()

    def run_scheduler(self) -> None:
        """Let a TinyGo guest go on that returned to its host while it sleeps."""
        self._gojs.run_scheduler()

    def memory_bytes(self) -> int:
        """Return the size of the linear memory, which never shrinks."""
        return self.guest.memory().size()

    def rearm(self) -> None:
        """Forget an interruption that came when the guest call it was for had just ended."""
        self.guest.rearm()

    def flush(self) -> None:
        """Log what the guest wrote without a line end."""
        self._wasi.flush()

    def explain(self, failure: GuestError) -> GuestError:
        """Return the failure, or in its place that memory had run out, where that led to it."""
        if self._wasi.said_main_returned and isinstance(failure, GuestTrapped):
            return _with_hint(failure, _C_SHARED)
        clear = isinstance(failure, GuestInterrupted | BadResult | GuestOutOfMemory)
        if clear or not self._memory_used_up(failure):
            return failure
        limit, own = self.guest.limits.memory_bytes, self.guest.own_maximum
        found = GuestOutOfMemory(self.memory_bytes(), limit, str(failure), own)
        found.backtrace = failure.backtrace
        return found

    def classify(self, failure: GuestError) -> OutcomeCode:
        """Name how a guest call failed, once it is explained."""
        if isinstance(failure, GuestInterrupted):
            return OutcomeCode.TIMEOUT
        if isinstance(failure, BadResult):
            return OutcomeCode.BAD_RESULT
        if isinstance(failure, GuestOutOfMemory):
            return OutcomeCode.OUT_OF_MEMORY
        return OutcomeCode.EXIT if isinstance(failure, GuestExited) else OutcomeCode.TRAP

    def _memory_used_up(self, failure: GuestError) -> bool:
        # A guest sees -1 from memory.grow and then fails in its own way; nothing tells the host. A
        # memory within a sixteenth of its limit, or a runtime that said so, is taken as the cause.
        if isinstance(failure, BadGuestValue):
            return False
        limit = self.guest.limits.memory_bytes
        try:
            used = self.memory_bytes()
        except GuestError:
            return False
        return self._wasi.said_out_of_memory or used > limit - limit // 16


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
