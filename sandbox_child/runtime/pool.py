"""Blocks of guest memory that are taken once and used again, where nothing can be given back.

Two kinds of guests need it: those that export no allocator, where the host grows the memory itself
(pages that no correct Rust, Zig or C heap touches, since those use the address that their own
growing returned), and those whose allocator has no way to free. Blocks are powers of two: at most
half is lost to rounding, and an event's payload lands where the last one was.
"""

# How it works, and why
#
# The host must put an event somewhere in the guest's memory. With an allocator among the exports it
# asks that, and this pool only keeps what such an allocator cannot free. Without one there is no
# spot in the memory that is known to be free: the stack, the data and the heap are the compiler's
# business. Only new pages are: ``memory.grow`` returns pages that nobody has used. WebAssembly
# cannot give them back, so they are kept here and used again.
#
# Blocks are powers of two, with a list of free ones per size. Alloc and free are a pop and an
# append; nothing is ever merged or split, which would need bookkeeping inside memory that the guest
# can overwrite. All bookkeeping is on this side: a guest can destroy the contents of a block, never
# what the host believes about it. ``free`` ignores what it does not know, as the guest may pass
# anything.
#
# The danger is a guest whose heap assumes that all memory up to the end is its own (some allocators
# ask ``memory.size`` and take everything). Then its objects and our payloads would overwrite each
# other, with no error anywhere. ``check`` finds out: unused bytes of our pages are filled with a
# pattern, and once the guest has grown its memory by itself, a changed byte proves that it writes
# there. Only a change of size is looked at, as that is when such a heap takes new ground: the usual
# event costs one comparison of two numbers.

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
