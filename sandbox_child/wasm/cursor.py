"""Reads the small parts of the binary format (numbers, names, counts) out of one piece of bytes.

It exists so that every read is bounds-checked in one place. It knows offsets, for the error
messages, and nothing of what the parts mean.
"""

from sandbox_child.wasm.errors import Malformed, OverLimit


class Cursor:
    """A position in ``data`` that only moves forward; every read past the end is ``Malformed``.

    ``base`` is the offset of ``data`` in the file, ``where`` names the part for the messages.
    Source: WebAssembly core specification, 5.2 (values) and 5.1 (vectors).
    """

    __slots__ = ("_base", "_data", "_where", "at")

    def __init__(self, data: bytes, *, base: int, where: str) -> None:
        self._data = data
        self._base = base
        self._where = where
        self.at = 0

    @property
    def offset(self) -> int:
        """Position of the cursor, from the start of the file."""
        return self._base + self.at

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self.at

    def broken(self, problem: str) -> Malformed:
        """Return the error for ``problem`` at this position."""
        return Malformed(self.offset, f"{problem} in the {self._where}")

    def byte(self) -> int:
        """Read one byte."""
        if self.at >= len(self._data):
            raise self.broken("the bytes end too early")
        value = self._data[self.at]
        self.at += 1
        return value

    def peek(self) -> int | None:
        """Return the next byte without reading it, None at the end."""
        return self._data[self.at] if self.at < len(self._data) else None

    def take(self, size: int) -> bytes:
        """Read ``size`` bytes."""
        if size > self.remaining:
            raise self.broken(f"{size} bytes are announced and {self.remaining} are left")
        piece = self._data[self.at : self.at + size]
        self.at += size
        return piece

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes."""
        if size > self.remaining:
            raise self.broken(f"{size} bytes are announced and {self.remaining} are left")
        self.at += size

    def u32(self) -> int:
        """Read an unsigned LEB128 number of at most 32 bits."""
        # One byte holds nearly every number of a real module.
        data, at = self._data, self.at
        if at < len(data) and data[at] < 0x80:
            self.at = at + 1
            return data[at]
        value = 0
        for shift in range(0, 35, 7):
            part = self.byte()
            if shift == 28 and part > 0x0F:
                raise self.broken("a number has more than 32 bits")
            value |= (part & 0x7F) << shift
            if part < 0x80:
                break
        return value

    def u64(self) -> int:
        """Read an unsigned LEB128 number of at most 64 bits."""
        value = 0
        for shift in range(0, 70, 7):
            part = self.byte()
            if shift == 63 and part > 0x01:
                raise self.broken("a number has more than 64 bits")
            value |= (part & 0x7F) << shift
            if part < 0x80:
                break
        return value

    def skip_leb(self, longest: int) -> None:
        """Pass over a LEB128 number, signed or not, of at most ``longest`` bytes."""
        for _ in range(longest):
            if self.byte() < 0x80:
                return
        raise self.broken(f"a number takes more than {longest} bytes")

    def name(self, what: str, longest: int) -> str:
        """Read a UTF-8 name of at most ``longest`` bytes; ``what`` says whose name it is."""
        size = self.u32()
        if size > self.remaining:
            raise self.broken(f"{what} of {size} bytes runs past the end")
        if size > longest:
            raise OverLimit(f"bytes in {what}", size, longest)
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError:
            raise self.broken(f"{what} is not UTF-8") from None

    def count(self, what: str, most: int) -> int:
        """Read the length of a vector; ``OverLimit`` beyond ``most`` items of ``what``."""
        number = self.u32()
        if number > most:
            raise OverLimit(what, number, most)
        if number > self.remaining:
            raise self.broken(f"{number} {what} are announced and {self.remaining} bytes are left")
        return number

    def finish(self) -> None:
        """Check that nothing is left."""
        if self.remaining:
            raise self.broken(f"{self.remaining} bytes are left over")
