"""Events of a session."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The peer opened a stream."""

    stream: int


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Bytes of a stream; give their room back with :meth:`Session.consumed`."""

    stream: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The peer will send no more on a stream; ``reset``: nor read what is sent to it."""

    stream: int
    reset: bool


@dataclass(frozen=True, slots=True)
class WentAway:
    """The peer opens no more streams and takes none; code 0 is a normal end."""

    code: int


Event = StreamOpened | DataReceived | StreamEnded | WentAway
