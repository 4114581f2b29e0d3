"""What the peer did, as the two sides of a connection tell it."""

from dataclasses import dataclass

from sandbox_child.grpc.status import Status


@dataclass(frozen=True, slots=True)
class Received:
    """One message of the answer to a call of ours."""

    call: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """A call of ours is over."""

    call: int
    status: Status


@dataclass(frozen=True, slots=True)
class GoingAway:
    """The peer takes no more calls."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The peer calls ``path``; answer with :meth:`Server.answer` or :meth:`Server.refuse`."""

    call: int
    path: str
    message: bytes


Event = Received | Ended | GoingAway
