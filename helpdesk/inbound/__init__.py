"""Mail that arrives: kept as it came, read elsewhere, and made into a ticket or a reply.

::

    imap        a mailbox that is watched
    mailbox     one connection to a server that keeps mail; blocking, for a thread
    intake      ``Intake``: takes one message, once
    records     what came in and what became of it, for admins
    decisions   what becomes of a message, in one transaction
    matching    which ticket a message belongs to, and whether its sender has to do with it
    reading     the reader that is plugged in, and what it says of one message
    document    a message as one document of bounded texts

The message itself is parsed by whoever fits ``reading.Reader``: never in this process.
"""
