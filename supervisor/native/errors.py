"""Why a native plugin cannot be started or called.

::

    NativeError
    ├── NotAProgram        the file is nothing that this machine could run as a plugin
    ├── ProgramChanged     the file is not the one that was installed
    ├── StartFailed        the program ended, said nothing, or nothing of go-plugin's
    └── CallFailed         the plugin ended in a call, took too long, or broke its protocol
"""

from collections.abc import Iterator
from contextlib import contextmanager

from supervisor.errors import SupervisorError


class NativeError(SupervisorError):
    """Base of errors about native plugins."""


class NotAProgram(NativeError):
    """The message is one sentence for the author: what was found, what is expected."""


class ProgramChanged(NativeError):
    """The file was replaced or changed after it was installed."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(
            f"the program has changed since it was installed: its SHA-256 is {found}, "
            f"and {expected} is pinned; install it again if that is meant"
        )


class StartFailed(NativeError):
    """The program did not become a plugin; the message ends with what it printed last."""

    def __init__(self, why: str, printed: str = "") -> None:
        super().__init__(f"{why}; it printed: {printed}" if printed else why)


class CallFailed(NativeError):
    """A call got no result."""

    def __init__(self, outcome: str, error: str) -> None:
        self.outcome = outcome
        """An outcome of the delivery log, such as ``timeout``."""
        super().__init__(error)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise what a nursery wrapped, where it is one error: its caller knows of no nursery."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        raise error from None
