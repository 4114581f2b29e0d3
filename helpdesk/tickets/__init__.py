"""Tickets and all that hangs on one; each imports only from above.

::

    model                     what a ticket, a reply, a status change look like; no I/O
    workflow                  which status may follow which, and for how long (pure)
    search                    the full-text index, and what is typed into the search box
    rows                      SQL rows to model, and back
    conditions filters lists  who may see what, and how it is found; sorting, paging, counting
    timeline  rights          the story of a ticket; what a viewer may do now
    notices                   who is told in the app of what happens
    change                    one change in the making: the row, its events, its notices
    status edits conversation the changes themselves
    service                   ``Tickets``: what pages, the API, plugins and jobs call
"""
