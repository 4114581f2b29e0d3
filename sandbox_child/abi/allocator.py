"""Memory that the host writes into: the first allocator that the guest exports, or grown pages."""

from collections.abc import Callable

from sandbox_child.runtime.direct import GuestFunction
from sandbox_child.runtime.errors import GuestOutOfMemory, GuestTrapped, HostCallMisused
from sandbox_child.runtime.guest import Guest
from sandbox_child.runtime.pool import BlockPool, GrowingCarver
from sandbox_child.wire.entry import Entry

_ALIGNMENT = 8
_ARRAY_BUFFER = 1  # AssemblyScript's class id of raw bytes

_Alloc = Callable[[int], int]
_Free = Callable[[int, int], object]


class Allocator:
    """Room in the guest for the host's data. Calls guest code, and believes none of its answers.

    While guest code allocates, the guest is inside a host call: a second host call from there could
    nest without end, so ``busy`` lets the host refuse it.
    """

    def __init__(self, guest: Guest, name: str, alloc: _Alloc, free: _Free) -> None:
        self._guest = guest
        self._name = name
        self._alloc = alloc
        self._free = free
        self.busy = False

    def alloc(self, size: int) -> int:
        """Return the address of ``size`` bytes of the guest's memory; raises GuestError.

        Address 0 means that there is no room, except for nothing.
        """
        if self.busy:
            raise HostCallMisused(f"{self._name} asked the host for memory while it was running")
        self.busy = True
        try:
            address = self._alloc(size)
        finally:
            self.busy = False
        if (address == 0 and size > 0) or not self._guest.memory().holds(address, size):
            raise self._no_room(address, size)
        return address

    def free(self, address: int, size: int) -> None:
        """Give back what :meth:`alloc` gave."""
        self.busy = True
        try:
            self._free(address, size)
        finally:
            self.busy = False

    def _no_room(self, address: int, size: int) -> GuestOutOfMemory | GuestTrapped:
        used, limit = self._guest.memory().size(), self._guest.limits.memory_bytes
        said = f"{self._name}({size}) returned {address:#x}"
        own = self._guest.own_maximum
        ceiling = min(limit, own or limit)
        if address == 0 and used + size > ceiling - ceiling // 8:
            return GuestOutOfMemory(used, limit, said, own)
        return GuestTrapped(f"{said}, where a memory of {used} bytes has no room for {size} bytes")


def make_allocator(guest: Guest, entry: Entry) -> Allocator:
    """Return the allocator that ``entry`` names; the guest must be instantiated."""
    if entry.allocator == "arena":
        carver = GrowingCarver(guest)
        pool = BlockPool(carver)

        def checked_free(address: int, size: int) -> None:
            carver.check()
            pool.free(address, size)

        return Allocator(guest, "memory.grow", pool.alloc, checked_free)
    if entry.allocator == "gk_malloc":
        return _goatkit_allocator(guest, has_free=entry.has_free)
    alloc, free = _doors(guest, entry)
    if free is None:
        pool = BlockPool(alloc)
        return Allocator(guest, entry.allocator, pool.alloc, pool.free)
    return Allocator(guest, entry.allocator, alloc, free)


def _goatkit_allocator(guest: Guest, *, has_free: bool) -> Allocator:
    """Return GoatKit's allocator. Without ``gk_free``, the guest's collector owns every block.

    Such a block is never used again: nothing in the guest's memory points at it, so that its
    collector may have given it away.
    """
    alloc = guest.function("gk_malloc", ("i32",), ("i32",))
    if has_free:
        return Allocator(
            guest, "gk_malloc", alloc, _without_size(guest.function("gk_free", ("i32",), ()))
        )
    return Allocator(guest, "gk_malloc", alloc, lambda _address, _size: None)


def _doors(guest: Guest, entry: Entry) -> tuple[_Alloc, _Free | None]:
    if entry.allocator == "cabi_realloc":
        # Shrinking to nothing is undefined in its most common implementation, so nothing is freed.
        realloc = guest.function("cabi_realloc", ("i32",) * 4, ("i32",))
        return lambda size: realloc(0, 0, _ALIGNMENT, size), None
    if entry.allocator == "__new":
        new = guest.function("__new", ("i32", "i32"), ("i32",))
        pin = guest.function("__pin", ("i32",), ("i32",))
        unpin = guest.function("__unpin", ("i32",), ()) if entry.has_free else None
        return lambda size: pin(new(size, _ARRAY_BUFFER)), unpin and _without_size(unpin)
    alloc = guest.function(entry.allocator, ("i32",), ("i32",))
    if not entry.has_free:
        return alloc, None
    if entry.allocator == "ohd_alloc":
        return alloc, guest.function("ohd_free", ("i32", "i32"), ())
    return alloc, _without_size(guest.function("free", ("i32",), ()))


def _without_size(free: GuestFunction) -> _Free:
    return lambda address, _size: free(address)
