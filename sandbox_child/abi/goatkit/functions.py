"""The two functions of the ``gk`` module, as a guest imports them."""

from sandbox_child.abi.allocator import Allocator
from sandbox_child.abi.goatkit.signatures import GK
from sandbox_child.abi.host import HostLink, check_span, read_guest, write_guest
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import HostCallMisused
from sandbox_child.runtime.guest import Guest
from sandbox_child.wire.messages import MAX_FUNCTION_NAME, HostCall, LogLevel, named_call

_LEVELS = {level.value: level for level in LogLevel}
_FAILED = 0
_LOW_HALF = 32


class GoatkitFunctions:
    """The contract's host functions for one guest.

    ``max_request`` bounds, in bytes, what a guest may hand over in one call. ``allocator`` is set
    once the instance exists. Outside of a ``gk_call`` (see ``serving``) the guest may log, and
    every host call fails: while it starts and registers, it has not been granted anything.
    """

    def __init__(self, guest: Guest, link: HostLink, max_request: int, max_log: int) -> None:
        self._guest = guest
        self._link = link
        self._max_request = max_request
        self._max_log = max_log
        self.allocator: Allocator | None = None
        self.serving = False
        """Whether a ``gk_call`` is running."""

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return the functions by import name."""
        return {(GK, "log"): self._log, (GK, "host_call"): self._host_call}

    def _log(self, level: int, pointer: int, length: int) -> None:
        check_span(self._guest, "gk.log", pointer, length)
        text = read_guest(self._guest, "gk.log", pointer, min(length, self._max_log))
        self._link.log(_LEVELS.get(level, LogLevel.INFO), text.decode("utf-8", "replace"))

    def _host_call(self, name: int, name_length: int, arguments: int, length: int) -> int:
        guest = self._guest
        check_span(guest, "gk.host_call", name, name_length)
        check_span(guest, "gk.host_call", arguments, length)
        function = read_guest(guest, "gk.host_call", name, min(name_length, MAX_FUNCTION_NAME + 1))
        if (problem := self._problem(function, length)) is not None:
            shown = function.decode("utf-8", "replace")
            self._link.log(LogLevel.WARN, f"the host call {shown!r} failed: {problem}")
            return _FAILED
        allocator = self._idle_allocator()
        request = named_call(function, read_guest(guest, "gk.host_call", arguments, length))
        status, body = self._link.call(HostCall.NAMED, request)
        if not status or not body:
            return _FAILED
        address = allocator.alloc(len(body))
        write_guest(guest, "gk.host_call", address, body)
        return address << _LOW_HALF | len(body)

    def _problem(self, function: bytes, length: int) -> str | None:
        if not self.serving:
            return "a plugin can call the host only while it answers a call"
        if not 0 < len(function) <= MAX_FUNCTION_NAME:
            return f"expected a name of 1 to {MAX_FUNCTION_NAME} bytes"
        if length > self._max_request:
            return f"its arguments have {length:,} bytes; at most {self._max_request:,} are allowed"
        return None

    def _idle_allocator(self) -> Allocator:
        allocator = self.allocator
        if allocator is None or allocator.busy:
            raise HostCallMisused("gk.host_call was called by the plugin's own allocator")
        return allocator
