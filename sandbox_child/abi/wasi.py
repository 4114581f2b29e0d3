"""A WASI preview 1 without capabilities: clocks, random numbers, and text that becomes log lines.

No files, no directories, no arguments, no environment, no sockets. It is our own because
wasmtime's native WASI starts threads that the lockdown does not reach. A pointer outside the
guest's memory traps the guest, as in every host call. Source: ``wasi_snapshot_preview1.witx``.
"""

import struct
import time
from collections.abc import Callable
from functools import partial

from sandbox_child.abi.host import HostLink, check_span, fill_with_random, read_guest, write_guest
from sandbox_child.abi.signatures import RUNTIME_IMPORTS, WASI
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import GuestExited
from sandbox_child.runtime.guest import Guest
from sandbox_child.wire.messages import LogLevel

_SUCCESS, _BADF, _INVAL, _NOSYS, _SPIPE = 0, 8, 28, 52, 70
_STDIN, _STDOUT, _STDERR = _STANDARD = 0, 1, 2
_CHARACTER_DEVICE = 2
_MAX_VECTORS = 1024
_MAX_SUBSCRIPTIONS = 1024
_MAX_TEXT = 64 * 1024
_CLOCKS: dict[int, Callable[[], int]] = {
    0: time.time_ns,
    1: time.monotonic_ns,
    2: time.process_time_ns,
    3: time.process_time_ns,
}
_SUBSCRIPTION_BYTES, _EVENT_BYTES = 48, 32
_CLOCK_EVENT, _READ_EVENT, _WRITE_EVENT = 0, 1, 2
_ABSOLUTE_TIME = 1
_MAIN_RETURNED = b"called after main.main returned"


class Wasi:
    """WASI for one guest."""

    def __init__(self, guest: Guest, link: HostLink) -> None:
        self._guest = guest
        self._link = link
        self._text = {_STDOUT: bytearray(), _STDERR: bytearray()}
        """What was written without a line end so far, at most _MAX_TEXT of it."""
        self.said_out_of_memory = False
        """Whether a runtime wrote that it ran out of memory, as Go's and TinyGo's do."""
        self.said_main_returned = False
        """Whether TinyGo's runtime wrote that a function was called after ``main``."""

    def functions(self) -> dict[tuple[str, str], HostFunction]:
        """Return every function of preview 1; what is not possible answers with an error number."""
        return {key: self._implementation(key[1]) for key in RUNTIME_IMPORTS if key[0] == WASI}

    def flush(self) -> None:
        """Log the last line of each stream, which has no line end."""
        for descriptor, rest in self._text.items():
            if rest:
                self._log_line(descriptor, bytes(rest))
                rest.clear()

    def _implementation(self, name: str) -> HostFunction:
        own: HostFunction | None = getattr(self, f"_{name}", None)
        if own is not None:
            return own
        if name.startswith(("fd_", "path_", "sock_")):
            return partial(_answer, _BADF)
        return partial(_answer, _NOSYS)

    def _write(self, what: str, pointer: int, layout: str, *values: int) -> int:
        write_guest(self._guest, what, pointer, struct.pack(layout, *values))
        return _SUCCESS

    def _args_sizes_get(self, count: int, size: int) -> int:
        self._write("args_sizes_get", count, "<I", 0)
        return self._write("args_sizes_get", size, "<I", 0)

    def _environ_sizes_get(self, count: int, size: int) -> int:
        return self._args_sizes_get(count, size)

    def _args_get(self, _argv: int, _buffer: int) -> int:
        return _SUCCESS

    def _environ_get(self, _environ: int, _buffer: int) -> int:
        return _SUCCESS

    def _clock_res_get(self, clock: int, out: int) -> int:
        return self._write("clock_res_get", out, "<Q", 1) if clock in _CLOCKS else _INVAL

    def _clock_time_get(self, clock: int, _precision: int, out: int) -> int:
        read = _CLOCKS.get(clock)
        if read is None:
            return _INVAL
        return self._write("clock_time_get", out, "<Q", read())

    def _random_get(self, pointer: int, length: int) -> int:
        fill_with_random(self._guest, "random_get", pointer, length)
        return _SUCCESS

    def _sched_yield(self) -> int:
        return _SUCCESS

    def _proc_exit(self, code: int) -> None:
        self.flush()
        raise GuestExited(code)

    def _fd_fdstat_get(self, descriptor: int, out: int) -> int:
        if descriptor not in (_STDIN, _STDOUT, _STDERR):
            return _BADF
        return self._write("fd_fdstat_get", out, "<BxHxxxxQQ", _CHARACTER_DEVICE, 0, 0, 0)

    def _fd_fdstat_set_flags(self, descriptor: int, _flags: int) -> int:
        return _SUCCESS if descriptor in (_STDIN, _STDOUT, _STDERR) else _BADF

    def _fd_seek(self, descriptor: int, _offset: int, _whence: int, _out: int) -> int:
        return _SPIPE if descriptor in (_STDIN, _STDOUT, _STDERR) else _BADF

    def _fd_read(self, descriptor: int, _vectors: int, _count: int, read_out: int) -> int:
        if descriptor != _STDIN:
            return _BADF
        return self._write("fd_read", read_out, "<I", 0)

    def _fd_write(self, descriptor: int, vectors: int, count: int, written_out: int) -> int:
        if descriptor not in self._text:
            return _BADF
        if count > _MAX_VECTORS:
            return _INVAL
        table = read_guest(self._guest, "fd_write", vectors, 8 * count)
        waiting, total = self._text[descriptor], 0
        for pointer, length in struct.iter_unpack("<II", table):
            check_span(self._guest, "fd_write", pointer, length)
            text = self._guest.memory().read(pointer, min(length, max(0, _MAX_TEXT - total)))
            total += length
            if b"\n" not in text:
                waiting += text[: _MAX_TEXT - len(waiting)]
                continue
            first, *lines, rest = text.split(b"\n")
            self._log_line(descriptor, bytes(waiting) + first)
            for line in lines:
                self._log_line(descriptor, line)
            waiting[:] = rest
        return self._write("fd_write", written_out, "<I", total & 0xFFFFFFFF)

    def _log_line(self, descriptor: int, line: bytes) -> None:
        self.said_out_of_memory = self.said_out_of_memory or b"out of memory" in line
        self.said_main_returned = self.said_main_returned or _MAIN_RETURNED in line
        level = LogLevel.INFO if descriptor == _STDOUT else LogLevel.WARN
        self._link.log(level, line.decode("utf-8", "replace"))

    def _poll_oneoff(self, subscriptions: int, out: int, count: int, events_out: int) -> int:
        """Wait for the earliest clock; anything else is ready at once, with nothing to read."""
        if not 0 < count <= _MAX_SUBSCRIPTIONS:
            return _INVAL
        table = read_guest(self._guest, "poll_oneoff", subscriptions, _SUBSCRIPTION_BYTES * count)
        check_span(self._guest, "poll_oneoff", out, _EVENT_BYTES * count)
        waits = [
            _Subscription(table[start : start + _SUBSCRIPTION_BYTES])
            for start in range(0, len(table), _SUBSCRIPTION_BYTES)
        ]
        shortest = min(wait.nanoseconds() for wait in waits)
        if shortest > 0:
            time.sleep(min(shortest / 1e9, 3600))
        ready = [wait for wait in waits if wait.nanoseconds() <= shortest]
        for position, wait in enumerate(ready):
            event = struct.pack("<QHBxxxxxQHxxxxxx", wait.user_data, wait.error, wait.kind, 0, 0)
            write_guest(self._guest, "poll_oneoff", out + position * _EVENT_BYTES, event)
        return self._write("poll_oneoff", events_out, "<I", len(ready))


class _Subscription:
    """One entry of ``poll_oneoff``: a clock to wait for, or a descriptor."""

    def __init__(self, raw: bytes) -> None:
        self.user_data, self.kind = struct.unpack_from("<QB", raw)
        clock, timeout, _, flags = struct.unpack_from("<IxxxxQQH", raw, 16)
        self._remaining = 0
        self.error = _SUCCESS
        """Errno of the event: a clock or a descriptor that is not there is ready at once, so."""
        if self.kind != _CLOCK_EVENT:
            known = self.kind in (_READ_EVENT, _WRITE_EVENT)
            self.error = (_SUCCESS if clock in _STANDARD else _BADF) if known else _INVAL
        elif clock not in _CLOCKS:
            self.error = _INVAL
        else:
            now = _CLOCKS[clock]() if flags & _ABSOLUTE_TIME else 0
            self._remaining = timeout - now

    def nanoseconds(self) -> int:
        """How long this one had to wait when it was read."""
        return max(0, self._remaining)


def _answer(error: int, *_arguments: int) -> int:
    return error
