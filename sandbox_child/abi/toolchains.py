"""Imports of compilers' runtimes besides WASI: TinyGo's ``gojs``, and ``env``.

Sources: TinyGo's ``targets/wasm_exec.js``; AssemblyScript's ``std/assembly/bindings/dom`` and its
documentation of ``abort``, ``trace`` and ``seed``.
"""

import codecs
import random
import struct
import time

from sandbox_child.abi.host import HostLink, fill_with_random, read_guest
from sandbox_child.abi.signatures import ENV
from sandbox_child.runtime.direct import GuestFunction, HostFunction
from sandbox_child.runtime.errors import GuestTrapped
from sandbox_child.runtime.guest import Guest
from sandbox_child.wasm.facts import FuncType
from sandbox_child.wire.messages import LogLevel

_LENGTH = struct.Struct("<I")
_LENGTH_BEFORE = 4  # AssemblyScript keeps a string's size in bytes right before it
_MAX_TEXT = 8 * 1024
_UTF_16 = codecs.lookup("utf-16-le")  # now: a locked child can load no codec
_LONGEST_SLEEP_S = 3600.0  # beyond every deadline


class Gojs:
    """TinyGo's ``runtime`` imports.

    A program with a scheduler exports it, and returns to its host to be called back there after a
    sleep. One that was built without (``-scheduler none``) expects to sleep where it stands.
    """

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.scheduler: GuestFunction | None = None
        """The guest's own, once its instance exists."""
        self._wake_at: float | None = None
        self._ticked = 0

    def function(self, name: str, type_: FuncType) -> HostFunction:
        """Return ``runtime.ticks``, ``sleepTicks`` or ``getRandomData`` for an import of a type."""
        if name == "runtime.ticks":
            return self._nanoseconds if type_.results == ("i64",) else self._milliseconds
        if name == "runtime.sleepTicks":
            return self._sleep_nanoseconds if type_.params == ("i64",) else self._sleep_milliseconds
        return self._random

    def _nanoseconds(self) -> int:
        """Return the time of day, which such programs tell the date by; it only moves forward."""
        self._ticked = max(self._ticked, time.time_ns())
        return self._ticked

    def _milliseconds(self) -> float:
        return self._nanoseconds() / 1e6

    def _random(self, pointer: int, length: int, _capacity: int) -> None:
        fill_with_random(self._guest, "runtime.getRandomData", pointer, length)

    def _sleep_nanoseconds(self, nanoseconds: int) -> None:
        signed = nanoseconds - (1 << 64) if nanoseconds >> 63 else nanoseconds
        self._sleep_milliseconds(signed / 1e6)

    def _sleep_milliseconds(self, milliseconds: float) -> None:
        wake_at = time.monotonic() + max(milliseconds, 0.0) / 1000
        if self.scheduler is None:
            _sleep_until(wake_at)
        else:
            self._wake_at = wake_at

    def run_scheduler(self) -> None:
        """Call the guest back for as long as it asks to be woken; the deadline ends it."""
        while self.scheduler is not None and (wake_at := self._wake_at) is not None:
            self._wake_at = None
            _sleep_until(wake_at)
            self.scheduler()


def _sleep_until(moment: float) -> None:
    remaining = moment - time.monotonic()
    if remaining > 0:  # false for what is not a number
        time.sleep(min(remaining, _LONGEST_SLEEP_S))


class AssemblyScriptEnv:
    """``abort``, ``trace`` and ``seed`` for one guest."""

    def __init__(self, guest: Guest, link: HostLink) -> None:
        self._guest = guest
        self._link = link

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return the functions of ``env``."""
        return {
            (ENV, "abort"): self._abort,
            (ENV, "trace"): self._trace,
            (ENV, "seed"): random.SystemRandom().random,
            # Emscripten says that the memory grew; the host reads its size again in any case.
            (ENV, "emscripten_notify_memory_growth"): lambda _memory: None,
        }

    def _abort(self, message: int, file: int, line: int, column: int) -> None:
        text = f"abort: {self._string(message) or 'no message'}"
        if where := self._string(file):
            text += f" ({where}:{line}:{column})"
        self._link.log(LogLevel.ERROR, text)
        raise GuestTrapped(text)

    def _trace(self, message: int, count: int, *numbers: float) -> None:
        shown = " ".join(f"{number:g}" for number in numbers[: min(count, len(numbers))])
        self._link.log(LogLevel.INFO, f"{self._string(message)} {shown}".rstrip())

    def _string(self, pointer: int) -> str:
        """Read an AssemblyScript string: UTF-16, its size in bytes before it; null is empty."""
        if pointer < _LENGTH_BEFORE:
            return ""
        (size,) = _LENGTH.unpack(
            read_guest(self._guest, "string", pointer - _LENGTH_BEFORE, _LENGTH.size)
        )
        raw = read_guest(self._guest, "string", pointer, min(size, _MAX_TEXT))
        return _UTF_16.decode(raw, "replace")[0]
