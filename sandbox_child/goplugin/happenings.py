"""What a plugin's connection tells, whichever protocol it speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

MAIN: Final = 0
"""The link on which the plugin is called; others are the plugin's own, to the host's service."""
HEALTH_PING: Final = "__health_ping__"


@dataclass(frozen=True, slots=True)
class Dispensed:
    """The plugin's own service stands: it can be called."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A call of ours has ended; ``error``, where not empty, is the plugin's."""

    call: int
    error: str
    result: bytes


@dataclass(frozen=True, slots=True)
class HostCalled:
    """The plugin calls a function of the host; answer with the ``answer`` of what told it.

    Which plugin it says it is is not passed on: the connection tells.
    """

    request: object
    """Where the answer belongs: of no use to anybody but the protocol."""
    function: str
    arguments: bytes


@dataclass(frozen=True, slots=True)
class Printed:
    """The plugin printed something."""

    data: bytes
    is_error: bool


@dataclass(frozen=True, slots=True)
class Left:
    """The plugin's program cannot be asked to end, and has been called for the last time."""


Happening = Dispensed | Returned | HostCalled | Printed | Left


class Side(Protocol):
    """The host's side of one protocol: bytes of links in, bytes and happenings out.

    What is fed with a plugin's bytes raises an error of its protocol or of this package, which ends
    everything. Each ``int`` that is returned is the number of a call, which ``Returned`` names.
    """

    def output(self, link: int) -> bytes:
        """Return what is to be written on a link; ask again once all of it has been."""

    def feed(self, data: bytes, link: int) -> list[Happening]:
        """Return what ``data`` from the plugin tells."""

    def open_link(self, link: int) -> None:
        """Take a connection that the plugin has opened."""

    def close_link(self, link: int) -> None:
        """Forget such a connection, which has ended."""

    def register(self) -> int:
        """Ask for the plugin's manifest."""

    def init(self, config: Mapping[str, str]) -> int:
        """Hand the plugin its settings."""

    def call(self, function: str, arguments: bytes, milliseconds: int | None) -> int:
        """Call a function of the plugin, which is told how long it may take."""

    def ping(self) -> int:
        """Ask whether it is well."""

    def shutdown(self) -> int:
        """Let the plugin finish."""

    def quit(self) -> None:
        """Ask the program to end; no answer is waited for."""

    def answer(self, called: HostCalled, result: bytes, error: str) -> None:
        """Answer a call of the plugin: its JSON, or why it failed."""
