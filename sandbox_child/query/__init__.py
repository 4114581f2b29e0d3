"""A plugin's SQL, run in a process of its own that can reach two databases and nothing else.

::

    process    what a new fork does: open, rehearse, lock down, serve
    desk       a statement from its text to its answer
    helpdesk   the help desk's data: compiled against empty tables first, then run behind views
    own        the plugin's own database
    guard      what a connection may do, and what a statement may cost
    views      that data in the shape of another platform's tables
    rows       rows as JSON, bounded
    opening    how both databases are opened
    files      the descriptors behind the open databases
    definitions
               CREATE, ALTER and DROP
    changes    INSERT, REPLACE, UPDATE, DELETE and TRUNCATE
    translate  from MySQL to SQLite: a tree in, a tree out
    functions  the functions that may be called
    aggregates
               ours over many rows
    texts      ours that are about texts and numbers; pure
    spans      ours about times of day and spans of time, and patterns to read dates by; pure
    patterns   ours about regular expressions; pure
    clock      the time of a statement, and ours that are about dates
    weeks      ways to number weeks; pure
    parse      one bounded statement as a tree
    dialect    the SQL that is read, and the SQL that is written
    errors     why a statement was not carried out

No text decides what may be reached: the operating system does, and SQLite's authorizer.
"""
