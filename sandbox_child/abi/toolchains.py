"""What two compilers' runtimes import besides: TinyGo's ``gojs`` and AssemblyScript's ``env``.

Sources: TinyGo's ``targets/wasm_exec.js``; AssemblyScript's ``std/assembly/bindings/dom`` and its
documentation of ``abort``, ``trace`` and ``seed``.
"""

import random
import struct
import time
from collections.abc import Callable

from sandbox_child.abi.host import HostLink, read_guest
from sandbox_child.abi.signatures import ENV, GOJS
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import GuestTrapped
from sandbox_child.runtime.guest import Guest
from sandbox_child.wire.messages import LogLevel

_LENGTH = struct.Struct("<I")
_LENGTH_BEFORE = 4  # AssemblyScript keeps a string's size in bytes right before it
_MAX_TEXT = 8 * 1024


class Gojs:
    """TinyGo's ``runtime`` imports. Its JavaScript bridge has nothing to reach here."""

    def __init__(self) -> None:
        self._wake_at: float | None = None

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return ``runtime.ticks`` and ``runtime.sleepTicks``."""
        return {
            (GOJS, "runtime.ticks"): _milliseconds,
            (GOJS, "runtime.sleepTicks"): self._sleep_ticks,
        }

    def _sleep_ticks(self, milliseconds: float) -> None:
        # The guest returns to its host and expects to be called back at its scheduler.
        if milliseconds > 0:
            self._wake_at = time.monotonic() + milliseconds / 1000

    def run_scheduler(self, scheduler: Callable[[], int]) -> None:
        """Call the guest back for as long as it asks to be woken; the deadline ends it."""
        while (wake_at := self._wake_at) is not None:
            self._wake_at = None
            time.sleep(max(0.0, min(wake_at - time.monotonic(), 3600)))
            scheduler()


def _milliseconds() -> float:
    return time.monotonic() * 1000


def javascript_bridge(name: str) -> Callable[..., int]:
    """Return the stand-in for one ``syscall/js`` function: it traps when it is called."""

    def trap(*_arguments: float) -> int:
        raise GuestTrapped(f"{name} was called, and a plugin has no JavaScript around it")

    return trap


class AssemblyScriptEnv:
    """``abort``, ``trace`` and ``seed`` for one guest."""

    def __init__(self, guest: Guest, link: HostLink) -> None:
        self._guest = guest
        self._link = link

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return the three functions."""
        return {
            (ENV, "abort"): self._abort,
            (ENV, "trace"): self._trace,
            (ENV, "seed"): random.SystemRandom().random,
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
        return raw.decode("utf-16-le", "replace")
