"""A plugin of the GoatKit contract in its process: its registration and its functions."""

from collections.abc import Mapping

from sandbox_child.abi.goatkit.functions import GoatkitFunctions
from sandbox_child.abi.host import read_guest
from sandbox_child.abi.instance import BadResult, Instance
from sandbox_child.runtime.direct import GuestFunction, HostFunction
from sandbox_child.wire.frames import Head
from sandbox_child.wire.messages import INVOKE, MAX_RESULT, REGISTER

_I = "i32"
_LOW_HALF = 32
_PAIRS = 3
"""Times that memory for a call is asked for."""


class GoatkitPlugin(Instance):
    """See the module."""

    def host_functions(self) -> Mapping[tuple[str, str], HostFunction]:
        """Return ``gk.host_call`` and ``gk.log``."""
        budget = self.budget
        self._functions = GoatkitFunctions(
            self.guest, self.link, budget.max_request, budget.max_log
        )
        return self._functions.functions()

    def allocator_ready(self) -> None:
        """Let answers of the host be written."""
        self._functions.allocator = self.allocator

    def started(self) -> None:
        """Look the two functions up."""
        self._register = self.guest.function("gk_register", (), ("i64",))
        self._call = self.guest.function("gk_call", (_I, _I, _I, _I), ("i64",))
        self._free = self.guest.function("gk_free", (_I,), ()) if self.entry.has_free else None

    def serve(self, work: Head, blob: bytes) -> bytes:
        """Ask for the registration, or call a function; raises GuestError."""
        if work[0] == REGISTER:
            self._register()
            return self._result("gk_register", self._register)[1]
        if work[0] != INVOKE:
            raise BadResult("a GoatKit plugin takes calls by name only")
        return self._invoke(blob, work[3])

    def _invoke(self, blob: bytes, name_length: int) -> bytes:
        """Call ``gk_call`` with the name and the arguments that follow one another in ``blob``."""
        length = len(blob) - name_length
        name, arguments = self._place(blob, name_length, length)
        functions = self._functions
        functions.serving = True
        try:
            self._call(name, name_length, arguments, length)
            pointer, result = self._result("gk_call", self._call)
        finally:
            functions.serving = False
        if self._free is not None:
            self.allocator.busy = True
            try:
                if pointer:
                    self._free(pointer)
                self._free(name)
                if length:
                    self._free(arguments)
            finally:
                self.allocator.busy = False
        return result

    def _place(self, blob: bytes, name_length: int, length: int) -> tuple[int, int]:
        """Write name and arguments into blocks of the guest's, and return where they lie.

        Each has a block of its own: plugins look blocks up by the address that they gave away.
        Without arguments their address is 0, and nothing is allocated for them. Between two, a
        collector may take the first back, which nothing in the guest's memory points at: so both
        are written when both are there, and where they overlap, another pair is asked for.
        """
        allocator = self.allocator
        for _ in range(_PAIRS):
            name = allocator.alloc(name_length)
            arguments = allocator.alloc(length) if length else 0
            if not length or arguments >= name + name_length or name >= arguments + length:
                memory = self.guest.memory()
                memory.write(name, blob[:name_length])
                if length:
                    memory.write(arguments, blob[name_length:])
                return name, arguments
        raise BadResult("gk_malloc gave the same memory away twice")

    def _result(self, what: str, function: GuestFunction) -> tuple[int, bytes]:
        """Copy what the last call returned, and say where it lay; nothing is at 0."""
        packed = function.result64()
        pointer, length = packed >> _LOW_HALF, packed & 0xFFFFFFFF
        if pointer == 0 or length == 0:
            return 0, b""
        if length > MAX_RESULT:
            raise BadResult(f"{what} returned {length:,} bytes; at most {MAX_RESULT:,} are allowed")
        return pointer, read_guest(self.guest, what, pointer, length)
