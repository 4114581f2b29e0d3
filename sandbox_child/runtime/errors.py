"""Failures of a guest, or of a host call that it made.

::

    GuestError
    ├── GuestTrapped        the guest trapped; carries wasmtime's message and backtrace
    ├── GuestExited         the guest called proc_exit
    ├── GuestOutOfMemory    the guest died where it had used up its memory
    ├── GuestInterrupted    the deadline came; carries the backtrace of where it was
    ├── MemoryShared        the guest's heap wrote over the host's data
    ├── HostCallMisused     a host call that is not possible where the guest made it
    ├── SandboxFailed       no fault of the guest's that is known: ours, or memory ran out around it
    └── BadGuestValue       the guest handed over a pointer or length that is not in its memory
"""


class GuestError(Exception):
    """Base: the guest failed, and its instance must not be used again."""

    backtrace: str = ""
    """The guest's own functions, innermost first, where the message does not have them."""


class GuestTrapped(GuestError):
    """A trap; the message is wasmtime's, with the names that the module carries."""


class GuestExited(GuestError):
    """The guest ended itself."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"the plugin called proc_exit({code})")


class GuestOutOfMemory(GuestError):
    """The guest failed with its linear memory at the limit."""

    def __init__(self, used: int, limit: int, trap: str, own_maximum: int | None = None) -> None:
        """``own_maximum``: at which the module itself bounds its memory."""
        bound = f"the limit is {limit // 1024} KiB"
        if own_maximum is not None and own_maximum < limit:
            bound = (
                f"and the module itself allows its memory no more than {own_maximum // 1024} KiB; "
                "build it with a larger maximum"
            )
        super().__init__(
            f"out of memory: {used // 1024} KiB of linear memory in use, {bound}\n{trap}"
        )


class GuestInterrupted(GuestError):
    """The guest ran until its deadline; the message is the backtrace."""


class BadGuestValue(GuestError):
    """A pointer or length out of the guest's memory."""

    def __init__(self, what: str, pointer: int, length: int, memory_size: int) -> None:
        super().__init__(
            f"{what}: {length} bytes at {pointer:#x} do not lie in the memory of "
            f"{memory_size} bytes"
        )


class MemoryShared(GuestError):
    """The guest's heap wrote into the pages that the host had added for its own data."""

    def __init__(self) -> None:
        super().__init__(
            "the plugin's heap takes all of the memory as its own and has overwritten the host's "
            "data; export an allocator (ohd_alloc and ohd_free, or malloc and free), which the "
            "host then uses"
        )


class HostCallMisused(GuestError):
    """The guest called the host where that call is not possible."""


class SandboxFailed(GuestError):
    """The code around the guest failed; the message is its traceback, innermost call last."""

    def __init__(self, traceback: str) -> None:
        super().__init__(f"the sandbox around the plugin failed\n{traceback}")
