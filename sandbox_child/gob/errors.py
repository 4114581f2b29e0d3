"""Errors in a peer's bytes.

::

    GobError         the message says what, with no bytes of the peer
    └── GobTooMuch   well-formed as far as it was read, and beyond what is taken
"""


class GobError(Exception):
    """The bytes are not gob, or do not fit the types that they themselves describe."""


class GobTooMuch(GobError):
    """A length, a depth or a number of things beyond the caps."""
