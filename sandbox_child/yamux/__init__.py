"""Yamux: many streams over one connection, as HashiCorp's plugins speak it. Pure: no I/O.

::

    session  the client's side of one connection: bytes in, events out, and the reverse
    frames   the twelve bytes in front of everything
    events   what a session tells
    errors   what a peer may not do
"""
