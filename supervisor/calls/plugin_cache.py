"""Cache of one plugin: bounded in entries and bytes, the least recently used goes."""

from collections import OrderedDict

MOST_ENTRIES = 1_000
MOST_BYTES = 4 * 1024 * 1024


class PluginCache:
    """Values by key, each with the time at which it is forgotten."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, tuple[bytes, float | None]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str, now: float) -> bytes | None:
        """Return a value that is kept at ``now``, in seconds of a clock that never goes back."""
        found = self._values.get(key)
        if found is None:
            return None
        value, until = found
        if until is not None and now >= until:
            self.delete(key)
            return None
        self._values.move_to_end(key)
        return value

    def set(self, key: str, value: bytes, until: float | None) -> bool:
        """Keep a value; return whether there is room for it at all."""
        size = _size(key, value)
        if size > MOST_BYTES:
            return False
        self.delete(key)
        self._values[key] = (value, until)
        self._bytes += size
        while self._bytes > MOST_BYTES or len(self._values) > MOST_ENTRIES:
            self.delete(next(iter(self._values)))
        return True

    def delete(self, key: str) -> None:
        """Forget a key, where it is kept."""
        found = self._values.pop(key, None)
        if found is not None:
            self._bytes -= _size(key, found[0])


def _size(key: str, value: bytes) -> int:
    return len(key.encode("utf-8", "surrogatepass")) + len(value)
