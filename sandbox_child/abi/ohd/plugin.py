"""A plugin of the ``ohd`` contract in its process: its events and its panel."""

import struct
from collections.abc import Mapping

from sandbox_child.abi.host import read_guest
from sandbox_child.abi.instance import BadResult, Instance
from sandbox_child.abi.ohd.functions import OhdFunctions
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import GuestExited
from sandbox_child.wire.frames import Head
from sandbox_child.wire.messages import EVENT

_MAX_URL = 8 * 1024
_PAIR = struct.Struct("<II")


class OhdPlugin(Instance):
    """See the module."""

    def host_functions(self) -> Mapping[tuple[str, str], HostFunction]:
        """Return the six functions of ``ohd``."""
        budget = self.budget
        self._functions = OhdFunctions(self.guest, self.link, budget.max_request, budget.max_log)
        return self._functions.functions()

    def allocator_ready(self) -> None:
        """Let ``_initialize`` and ``_start`` allocate."""
        self._functions.allocator = self.allocator

    def started(self) -> None:
        """Let the guest make every host call."""
        if self.entry.on_event:
            self._on_event = self.guest.function("on_event", ("i32", "i32"), ())
        self._functions.started = True

    def serve(self, work: Head, blob: bytes) -> bytes:
        """Deliver an event, or ask for a panel; raises GuestError."""
        if work[0] == EVENT:
            self.on_event(blob)
            return b""
        return self.render_panel(blob).encode()

    def on_event(self, payload: bytes) -> None:
        """Hand one event to the guest and take its memory back; raises GuestError.

        A guest that leaves by ``proc_exit(0)`` has done its work. Its stack is where it left it, so
        that the instance must not be used again: see :attr:`left`.
        """
        length = len(payload)
        allocator = self.allocator
        pointer = allocator.alloc(length)
        self.guest.memory().write(pointer, payload)
        try:
            self._on_event(pointer, length)
            self.run_scheduler()
        except GuestExited as exc:
            if exc.code != 0:
                raise
            self.left = True
            return
        allocator.free(pointer, length)

    def render_panel(self, ticket_id: bytes) -> str:
        """Ask for the panel of a ticket; raises GuestError, BadResult for what is not text."""
        length = len(ticket_id)
        pointer = self.allocator.alloc(length)
        self.guest.memory().write(pointer, ticket_id)
        address, size = self._call_panel(pointer, length)
        self.allocator.free(pointer, length)
        if not 0 < size <= _MAX_URL:
            raise BadResult(f"render_panel returned {size} bytes; 1 to {_MAX_URL} are expected")
        try:
            return read_guest(self.guest, "render_panel", address, size).decode("utf-8")
        except UnicodeDecodeError:
            raise BadResult("render_panel returned text that is not UTF-8") from None

    def _call_panel(self, pointer: int, length: int) -> tuple[int, int]:
        i = "i32"
        if self.entry.panel == "multi_value":
            panel = self.guest.function("render_panel", (i, i), (i, i))
            return panel(pointer, length), panel.second_result()
        if self.entry.panel == "packed_i64":
            panel = self.guest.function("render_panel", (i, i), ("i64",))
            panel(pointer, length)
            packed = panel.result64()
            return packed >> 32, packed & 0xFFFFFFFF
        panel = self.guest.function("render_panel", (i, i, i), ())
        place = self.allocator.alloc(_PAIR.size)
        panel(place, pointer, length)
        address, size = _PAIR.unpack(read_guest(self.guest, "render_panel", place, _PAIR.size))
        self.allocator.free(place, _PAIR.size)
        return address, size
