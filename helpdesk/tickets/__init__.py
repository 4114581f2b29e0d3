"""Tickets and all that hangs on one.

::

    model                     what a ticket, a reply, a status change look like; no I/O
    workflow                  which status may follow which, and when a ticket can be reopened (pure)
    rows                      SQL rows to model, and back
    lists                     filters, sorting and paging
    changes conversation      the changes, each one transaction with its events
    service                   ``Tickets``: what pages, the API, plugins and jobs call
"""
