"""gRPC over one HTTP/2 connection, as bytes in and bytes out. Pure: no I/O.

::

    client, server  our calls on a connection, and the peer's calls on one
    connection      what both sides share: windows, queues, and what a peer may do at most
    toll            frames before h2 keeps them: their size, and what they cost
    headers     header blocks, kept
    messages        messages within the data of a stream
    events          what happened
    status          how a call ended, in a header's words
    errors          what is wrong with a peer's bytes

HTTP/2 itself is the h2 library's. Source: the gRPC project's description of its protocol over
HTTP/2.
"""
