"""The socket by which the command line speaks with a running server.

::

    socket   both ends of it: one request per connection
    methods  the list of methods that are served
"""
