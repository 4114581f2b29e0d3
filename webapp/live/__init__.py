"""Open pages and the changes they receive.

::

    hub            a slot for each open page, and the changes that it has not seen
    presence       who of the staff is at which ticket
    process_watch  looks at the processes once a second, while somebody watches
"""
