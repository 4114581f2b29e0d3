"""The six functions of the ``ohd`` module, as a guest imports them."""

import struct
from functools import partial

from sandbox_child.abi.allocator import Allocator
from sandbox_child.abi.host import HostLink, check_span, read_guest, write_guest
from sandbox_child.abi.ohd.signatures import OHD
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import HostCallMisused
from sandbox_child.runtime.guest import Guest
from sandbox_child.wire.messages import HostCall, LogLevel

_POINTER = struct.Struct("<I")
_LIMIT_MET = 4
_LEVELS = {level.value: level for level in LogLevel}


class OhdFunctions:
    """The contract's host functions for one guest.

    ``max_request`` bounds, in bytes, what a guest may hand over in one call. ``allocator`` is set
    once the instance exists, and ``started`` once it has started: a start section may only log,
    ``_initialize`` and ``_start`` may allocate besides.
    """

    def __init__(self, guest: Guest, link: HostLink, max_request: int, max_log: int) -> None:
        self._guest = guest
        self._link = link
        self._max_request = max_request
        self._max_log = max_log
        self.allocator: Allocator | None = None
        self.started = False

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return the functions by import name."""
        return {
            (OHD, "ohd_alloc"): self._alloc,
            (OHD, "ohd_free"): self._free,
            (OHD, "ohd_log"): self._log,
            (OHD, "ohd_http_request"): self._http_request,
            (OHD, "ohd_add_reply"): partial(self._change, "ohd_add_reply", HostCall.ADD_REPLY),
            (OHD, "ohd_set_custom_field"): partial(
                self._change, "ohd_set_custom_field", HostCall.SET_CUSTOM_FIELD
            ),
        }

    def _log(self, pointer: int, length: int, level: int) -> None:
        check_span(self._guest, "ohd_log", pointer, length)
        # A cut in the middle of a character is replaced like any other bytes that are not UTF-8.
        text = read_guest(self._guest, "ohd_log", pointer, min(length, self._max_log))
        self._link.log(_LEVELS.get(level, LogLevel.INFO), text.decode("utf-8", "replace"))

    def _alloc(self, size: int) -> int:
        return self._idle_allocator("ohd_alloc").alloc(size)

    def _free(self, pointer: int, size: int) -> None:
        self._idle_allocator("ohd_free").free(pointer, size)

    def _change(self, what: str, name: HostCall, pointer: int, length: int) -> int:
        self._ready(what)
        check_span(self._guest, what, pointer, length)
        if self._too_large(what, length):
            return _LIMIT_MET
        status, _ = self._link.call(name, read_guest(self._guest, what, pointer, length))
        return status

    def _http_request(
        self, request: int, length: int, body_pointer_out: int, body_length_out: int
    ) -> int:
        allocator = self._ready("ohd_http_request")
        what, guest = "ohd_http_request", self._guest
        # Before anything is sent: a request must not happen whose answer has nowhere to go.
        check_span(guest, what, request, length)
        check_span(guest, what, body_pointer_out, _POINTER.size)
        check_span(guest, what, body_length_out, _POINTER.size)
        status, body = 0, b""
        if not self._too_large(what, length):
            status, body = self._link.call(
                HostCall.HTTP_REQUEST, read_guest(guest, what, request, length)
            )
        address = allocator.alloc(len(body)) if body else 0
        if body:
            write_guest(guest, what, address, body)
        write_guest(guest, what, body_pointer_out, _POINTER.pack(address))
        write_guest(guest, what, body_length_out, _POINTER.pack(len(body)))
        return status

    def _too_large(self, what: str, length: int) -> bool:
        if length <= self._max_request:
            return False
        self._link.log(
            LogLevel.WARN, f"{what}: {length} bytes; at most {self._max_request} are allowed"
        )
        return True

    def _ready(self, what: str) -> Allocator:
        if not self.started:
            raise HostCallMisused(f"{what} was called while the plugin was starting")
        return self._idle_allocator(what)

    def _idle_allocator(self, what: str) -> Allocator:
        allocator = self.allocator
        if allocator is None:
            raise HostCallMisused(f"{what} was called by the start section; only ohd_log may be")
        if allocator.busy:
            raise HostCallMisused(
                f"{what} was called by the plugin's own allocator, which the host was calling"
            )
        return allocator
