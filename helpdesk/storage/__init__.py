"""One SQLite file: a single writer thread, read-only readers, ordered migrations.

Knows nothing of tickets but the tables in the steps; other packages bring migration sets of
their own and use the same file.

::

    database      the Trio side: ``read`` and ``write``
    readers       read-only connections on worker threads
    writer        the writer thread and its group commit
    look          many reads on one thread, over one snapshot
    kept          what every page reads, read once for each version of it
    migrations    the help desk's tables, in ordered steps
    search_step, list_step, folding_step, numbers_step, revision_step, times_step, versions_step
                  seven of the longer steps
    reports_step  one more
    newest        the greatest id that is stored
    connections   how a connection is opened
    sql           reading rows by column name
"""
