"""Output of a plugin, as log lines within the budget of one call.

Most plugins log JSON objects of HashiCorp's hclog, one a line, which name their level. What is
printed between two calls waits for the next, as far as there is room.
"""

import json
from collections import deque

from sandbox_child.wire.messages import LogLevel

_LEVELS = {
    "trace": LogLevel.DEBUG,
    "debug": LogLevel.DEBUG,
    "info": LogLevel.INFO,
    "warn": LogLevel.WARN,
    "error": LogLevel.ERROR,
}
_LEVEL, _MESSAGE = "@level", "@message"


class Output:
    """Cuts what is printed into lines and counts them."""

    def __init__(self, max_lines: int, max_line_bytes: int) -> None:
        self._max_lines = max_lines
        self._max_bytes = max_line_bytes
        self._begun = {False: bytearray(), True: bytearray()}
        self._waiting: deque[tuple[LogLevel, bytes]] = deque()
        self._told = 0
        self._dropped = 0

    def printed(self, data: bytes, *, is_error: bool) -> None:
        """Take what came on one of the two streams."""
        begun = self._begun[is_error]
        *whole, rest = data.split(b"\n")
        for part in whole:
            self._add(begun, part)
            self._line(bytes(begun), is_error=is_error)
            begun.clear()
        self._add(begun, rest)

    def lines(self) -> list[tuple[LogLevel, bytes]]:
        """Return the lines to tell now, of those that fit into this call's budget."""
        lines = list(self._waiting)
        self._waiting.clear()
        self._told += len(lines)
        return lines

    def end_of_lines(self) -> None:
        """Take what was begun as a whole line: nothing more comes."""
        for is_error, begun in self._begun.items():
            self._line(bytes(begun), is_error=is_error)
            begun.clear()

    def end_call(self) -> int:
        """Begin a new budget; return how many lines were dropped of the old one."""
        dropped, self._dropped, self._told = self._dropped, 0, 0
        return dropped

    def _add(self, begun: bytearray, part: bytes) -> None:
        begun += part[: max(0, self._max_bytes - len(begun))]

    def _line(self, line: bytes, *, is_error: bool) -> None:
        if not line.strip():
            return
        if self._told + len(self._waiting) >= self._max_lines:
            self._dropped += 1
            return
        self._waiting.append(read_line(line, is_error=is_error))


def read_line(line: bytes, *, is_error: bool) -> tuple[LogLevel, bytes]:
    """Return level and text of one line, which may be an object of hclog."""
    plain = (LogLevel.WARN if is_error else LogLevel.INFO, line)
    if not line.startswith(b"{"):
        return plain
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return plain
    message = entry.pop(_MESSAGE, None)
    if not isinstance(message, str):
        return plain
    level = _LEVELS.get(str(entry.pop(_LEVEL, "")), plain[0])
    more = [f"{key}={value}" for key, value in entry.items() if not key.startswith("@")]
    text = " ".join([message, *more])
    return level, text.encode("utf-8", "replace")[: len(line)]
