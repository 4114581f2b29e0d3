"""Violations by a peer of a yamux connection.

::

    YamuxError       ends the connection; the message says what was wrong, with no bytes of the peer
    └── YamuxFlood   well-formed, but more than any honest peer has a use for
"""


class YamuxError(Exception):
    """The peer broke the protocol."""


class YamuxFlood(YamuxError):
    """The peer sends without end what costs it nothing."""
