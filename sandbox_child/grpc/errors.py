"""Violations by a peer of a connection.

::

    GrpcError       ends the connection; the message says what was wrong, with no bytes of the peer
    └── GrpcFlood   well-formed, but more than any honest peer has a use for
"""


class GrpcError(Exception):
    """The peer broke HTTP/2, or gRPC's rules for it."""


class GrpcFlood(GrpcError):
    """The peer sends without end what costs it nothing."""
