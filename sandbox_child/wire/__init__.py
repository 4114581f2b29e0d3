"""The wire protocol between the supervisor and a child: pure, no I/O, shared by both sides.

::

    queries   messages of a query process, and the tables of its SQL
    mail      messages of a mail process
    pictures  messages of a picture process
    messages  kinds of messages, the shape of each head, what its blob holds
    frames    a message as bytes, and hostile bytes refused cheaply
    spec      what the supervisor asks of the fork server
    entry     how a module is entered, as its structure tells
    errors    what can be wrong with bytes from a pipe
"""
