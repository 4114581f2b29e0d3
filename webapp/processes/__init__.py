"""Processes that serve the pages people ask for most, beside the one that does everything.

::

    crew      the serving process's side: starts them, lends connections, takes them back
    lent      a page process's side: the connections that it has, and how it gives them back
    tally     what a page process reports: requests answered, sessions used
    wire      messages between the two, and descriptors that go along
    newness   a counter in shared memory: whether what a page process remembers is still true
    boundary  which requests a page process may be given

A connection belongs to one process at a time, and changes hands between two requests. A page
process has what it was lent, and answers only what is plain: it reads, and says 200 or 304. What
comes to anything else it gives back, unanswered, and the serving process does it.
"""
