"""The domain: tickets, people, statuses, events, settings, and their storage in one SQLite file.

Imports nothing of the other packages. Rooms and modules, highest first; each imports only from its
own row and the rows below::

    jobs             closes resolved tickets in time, forgets old logins
    demo             a help desk that looks lived in
    demo_data        its people, groups and tickets; data only
    service          ``HelpDesk``: the services over one database
    inbound          mail that arrives, and what becomes of it
    articles         replies, files, fields and statuses as plugins know them, by integers
    files            files on tickets
    drafts           what people have written and not sent
    saved_views      filters of the ticket list that staff keep
    dashboards       how each person has arranged their widgets
    canned           texts that staff keep ready for replies
    tickets          tickets and everything on one
    requesters       people who ask for help: sign-up, organizations
    invitations      links that set a password, once
    mail             mail that goes out, and what both directions share
    factors          second factors, and the way from a password to a session
    sessions         logins
    users            accounts, and who may log in
    api_keys         keys for the API
    uses             when sessions and keys were used last
    first_run        the first admin of an empty help desk
    scopes           whose a thing is that staff make for their work
    groups           groups of staff, and their categories
    catalogue        categories, types and items of tickets
    statuses         the statuses that a ticket can have
    settings         settings that admins change
    factors.enrolment  who has a second factor, and who has to
    notifications    notices inside the app
    audit            the audit log
    events           event payloads, as plugins get them
    event_shapes     the payloads as types and schemas
    outbox           the durable, ordered list of events
    change_feed      what has just changed, for open pages
    once             a repeated request is done once
    accounts         accounts as rows, for the rest of the domain
    languages        the language that a person has chosen
    viewers          from an actor to the facts that decide on access
    access           who may do what; pure
    domains          domains of email addresses; pure
    checks           checks for text from outside
    paging           one page of a list
    numbers          the integers that stand for ids
    passwords        password hashing
    storage          one writer thread, readers, migrations
    tickets.model    what a ticket looks like; pure
    actors           who acts: a person, a plugin, the help desk
    tokens           secrets of which only a hash is stored
    clock, ids       time and identifiers
    errors           every error that the domain raises on purpose
    text             comparing words and names; pure

Every change, its events and its audit entry are written in one transaction.
"""
