"""The first contract, ``ohd``: events in, host calls out, a panel in the ticket.

::

    examine    whether and how a module's structure fits
    functions  the six functions that its guests import
    plugin     the guest calls: an event, a panel
"""
