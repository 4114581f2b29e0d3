"""The first contract, ``ohd``: events in, host calls out, a panel in the ticket.

::

    plugin      the guest calls: an event, a panel
    functions   the six functions that its guests import
    examine     whether and how a module's structure fits
    signatures  the types of its imports
"""
