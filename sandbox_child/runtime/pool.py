"""Blocks of guest memory that are taken once and used again, where nothing can be given back.

Two kinds of guests need it: those that export no allocator, where the host grows the memory itself
(pages that no correct Rust, Zig or C heap touches, since those use the address that their own
growing returned), and those whose allocator has no way to free. Blocks are powers of two: at most
half is lost to rounding, and an event's payload lands where the last one was.
"""

from collections import defaultdict
from collections.abc import Callable

from sandbox_child.runtime.errors import GuestOutOfMemory, MemoryShared
from sandbox_child.runtime.guest import PAGE_BYTES, Guest

_SMALLEST = 16

_UNUSED = b"\xa5"
"""No byte that heaps clear memory with."""


class BlockPool:
    """Blocks by size; ``carve`` makes a new one of so many bytes and returns its address."""

    def __init__(self, carve: Callable[[int], int]) -> None:
        self._carve = carve
        self._free: defaultdict[int, list[int]] = defaultdict(list)
        self._sizes: dict[int, int] = {}

    def alloc(self, size: int) -> int:
        """Return the address of at least ``size`` bytes."""
        block = max(_SMALLEST, 1 << (size - 1).bit_length()) if size else _SMALLEST
        address = self._free[block].pop() if self._free[block] else self._carve(block)
        self._sizes[address] = block
        return address

    def free(self, address: int, _size: int) -> None:
        """Take a block back; an address that is none is ignored, as the guest may lie."""
        block = self._sizes.pop(address, None)
        if block is not None:
            self._free[block].append(address)


class GrowingCarver:
    """Carves blocks out of pages that it adds to the guest's memory.

    What is left of them is filled with a pattern. A guest whose heap takes all memory as its own
    writes there once it has grown, and :meth:`check` tells: its data and the host's would change
    under each other, and nothing else would show it.
    """

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._next = 0
        self._end = 0
        self._checked_size = 0

    def __call__(self, block: int) -> int:
        """Return the address of a new block; raises GuestOutOfMemory at the limit."""
        if self._next + block > self._end:
            pages = -(-block // PAGE_BYTES)
            start = self._guest.grow(pages)
            if start is None:
                raise GuestOutOfMemory(
                    self._guest.memory().size(),
                    self._guest.limits.memory_bytes,
                    f"the host needs {block} bytes in it",
                    self._guest.own_maximum,
                )
            if start != self._end:  # the guest has grown its memory meanwhile
                self._next = start
            self._end = start + pages * PAGE_BYTES
            self._guest.memory().write(start, _UNUSED * (self._end - start))
            self._checked_size = self._guest.memory().size()
        address = self._next
        self._next += block
        return address

    def check(self) -> None:
        """Raise MemoryShared where the guest has grown its memory and written into these pages."""
        memory = self._guest.memory()
        size = memory.size()
        if size == self._checked_size:
            return
        self._checked_size = size
        left = self._end - self._next
        if memory.read(self._next, left) != _UNUSED * left:
            raise MemoryShared
