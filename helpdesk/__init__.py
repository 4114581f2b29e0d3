"""The domain: tickets, people, statuses, events, settings, and their storage in one SQLite file.

Imports nothing of the other packages. The layers, lowest first; each imports only from above::

    errors  clock  ids  text          facts that everything speaks of
    actors  access                    who acts, and what they may do (pure)
    storage/                          one writer thread, read-only readers, migrations
    events  outbox  news              payloads; the durable list that plugins are fed from; what
                                      has just changed, for open pages
    passwords users first_run groups catalogue statuses settings
    sessions api_keys notifications
    tickets/                          tickets and all that hangs on one
    service                           ``HelpDesk``: the services bundled over one database
    jobs  demo                        what runs beside the requests; what a first visitor sees

Every change and the events that tell of it are written in one transaction.
"""
