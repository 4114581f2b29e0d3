"""Errors in bytes from a pipe.

::

    WireError
    ├── FrameError      the bytes are not a frame of this protocol
    └── MessageError    a frame, but not a message that fits the protocol now
"""


class WireError(Exception):
    """The peer broke the protocol; the message says how, never with bytes of the peer's."""


class FrameError(WireError):
    """Lengths out of bounds, or a head that is not the msgpack that it should be."""


class MessageError(WireError):
    """A well-formed frame whose message is unknown, misshapen or out of turn."""
