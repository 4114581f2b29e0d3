"""What two compilers' runtimes import besides: TinyGo's ``gojs`` and AssemblyScript's ``env``.

Sources: TinyGo's ``targets/wasm_exec.js``; AssemblyScript's ``std/assembly/bindings/dom`` and its
documentation of ``abort``, ``trace`` and ``seed``.
"""

import codecs
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
_UTF_16 = codecs.lookup("utf-16-le")  # now: a locked child can load no codec
_LONGEST_SLEEP_S = 3600.0  # beyond every deadline


class Gojs:
    """TinyGo's ``runtime`` imports. Its JavaScript bridge has nothing to reach here.

    A program with a scheduler exports it, and returns to its host to be called back there after a
    sleep. One that was built without (``-scheduler none``) expects to sleep where it stands.
    """

    def __init__(self) -> None:
        self.scheduler: Callable[[], int] | None = None
        """The guest's own, once its instance exists."""
        self._wake_at: float | None = None

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return ``runtime.ticks`` and ``runtime.sleepTicks``."""
        return {
            (GOJS, "runtime.ticks"): _milliseconds,
            (GOJS, "runtime.sleepTicks"): self._sleep_ticks,
        }

    def _sleep_ticks(self, milliseconds: float) -> None:
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
        return _UTF_16.decode(raw, "replace")[0]
