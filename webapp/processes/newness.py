"""A counter in memory that the serving process shares with its page processes.

It moves on when something changed that page processes remember: the plugins, the name of the site.
That happens before the change is answered, so whoever made it sees it on the next page, whichever
process serves that.
"""

import mmap
import os
import struct
from typing import Self

_COUNT = struct.Struct("=Q")


class Newness:
    """The counter; one process writes, the others read."""

    def __init__(self, descriptor: int, *, writable: bool) -> None:
        self.descriptor = descriptor
        """Of the memory, for a process that is started."""
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self._memory = mmap.mmap(descriptor, _COUNT.size, access=access)

    @classmethod
    def create(cls) -> Self:
        """Make the counter, at 0."""
        descriptor = os.memfd_create("ohd-newness", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, _COUNT.size)
        return cls(descriptor, writable=True)

    def now(self) -> int:
        """Return the count."""
        count: int = _COUNT.unpack_from(self._memory)[0]
        return count

    def move_on(self) -> None:
        """Count one change; without effect once it is closed, as there is nobody to know."""
        if self._memory.closed:
            return
        _COUNT.pack_into(self._memory, 0, self.now() + 1)

    def close(self) -> None:
        """Unmap the memory and close its descriptor."""
        self._memory.close()
        os.close(self.descriptor)
