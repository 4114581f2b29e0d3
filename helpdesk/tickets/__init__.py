"""Tickets and everything that belongs to one.

::

    service       ``Tickets``: what pages, the API, plugins and jobs call
    merge         two tickets become one
    split         one ticket becomes two
    marks         what is read and unread
    links         duplicate, related, blocked by
    ratings       requesters say how it went
    conversation  replies, internal notes, custom fields
    bulk          one change to many tickets
    edits         create, edit, categorize, assign
    followers     staff who are notified of everything, and mentions
    status        resolve, close, reopen, move between statuses
    door          how services read and change tickets
    change        one change in the making: the row, its events, its notices
    trace         what was changed besides the status, by whom
    attachments   a ticket's files, as events tell of them
    notices       who gets a notice of what
    rights        what a viewer may do with a ticket now
    walk          the tickets around a place in a list
    corrections   searches are forgiven typing mistakes
    lists         sorting, paging, counting
    filters       which tickets a list shows, as SQL conditions
    filter_values
                  values of filters, and whether what they name exists
    conditions    one condition, and the index that may lead it
    timeline      replies and history in one line of time
    rating        when requesters are asked how it went, and what they answered
    sight         whose tickets a requester sees, as SQL
    rows          SQL rows to model, and back
    tags          words that staff put on tickets
    seen          up to which change each person has seen a ticket
    search        the full-text index, and the search language
    spelling      the words of tickets, and those near a mistyped one
    workflow      which status may follow which; pure
    model         what a ticket looks like; no I/O
"""
