"""Mail that goes out, and what both directions share: settings, addresses, choices.

::

    administration
                what admins see and change of letters
    sender      the task that sends what is queued
    smtp        one connection to a server that takes mail; blocking, for a thread
    oauth       access tokens for servers that take no passwords
    notices     letters about tickets, to whom and in which words
    outgoing    the durable queue: ``enqueue`` within the transaction of a change
    letters     one letter, and its form on the wire; pure
    templates   the words of letters, by event and language
    choices     what each person wants to be told, and how
    settings    how this help desk sends and receives mail
    marks       addresses and Message-IDs that prove who got a letter
    tables      the tables of mail

``helpdesk/inbound`` decides what becomes of mail that arrives.
"""
