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

    def serve(self, work: Head, blob: bytes) -> bytes:
        """Ask for the registration, or call a function; raises GuestError."""
        if work[0] == REGISTER:
            self._register()
            return self._result("gk_register", self._register, free=False)
        if work[0] != INVOKE:
            raise BadResult("a GoatKit plugin takes calls by name only")
        return self._invoke(blob, work[3])

    def _invoke(self, blob: bytes, name_length: int) -> bytes:
        """Call ``gk_call`` with the name and the arguments that follow one another in ``blob``."""
        name, arguments = blob[:name_length], blob[name_length:]
        blocks = self._blocks(name, arguments)
        self._functions.serving = True
        try:
            self._call(blocks[0], len(name), blocks[1] if arguments else 0, len(arguments))
            result = self._result("gk_call", self._call, free=True)
        finally:
            self._functions.serving = False
        for address, part in zip(blocks, (name, arguments), strict=False):
            self.allocator.free(address, len(part))
        return result

    def _blocks(self, name: bytes, arguments: bytes) -> list[int]:
        """Write both into blocks of the guest's, and return where they lie.

        Each has a block of its own: plugins look blocks up by the address that they gave away.
        Without arguments there is one block, and nothing is allocated for them. Between two, a
        collector may take the first back, which nothing in the guest's memory points at: so both
        are written when both are there, and where they overlap, another pair is asked for.
        """
        for _ in range(_PAIRS):
            first = self.allocator.alloc(len(name))
            if not arguments:
                self.guest.memory().write(first, name)
                return [first]
            second = self.allocator.alloc(len(arguments))
            if second >= first + len(name) or first >= second + len(arguments):
                memory = self.guest.memory()
                memory.write(first, name)
                memory.write(second, arguments)
                return [first, second]
        raise BadResult("gk_malloc gave the same memory away twice")

    def _result(self, what: str, function: GuestFunction, *, free: bool) -> bytes:
        """Copy what the last call returned; nothing where pointer or length is 0."""
        packed = function.result64()
        pointer, length = packed >> _LOW_HALF, packed & 0xFFFFFFFF
        if pointer == 0 or length == 0:
            return b""
        if length > MAX_RESULT:
            raise BadResult(f"{what} returned {length:,} bytes; at most {MAX_RESULT:,} are allowed")
        result = read_guest(self.guest, what, pointer, length)
        if free:
            self.allocator.free(pointer, length)
        return result
