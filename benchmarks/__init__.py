"""Measures Open Help Desk beside what people use in its place, in the same run.

::

    __main__   chooses rows, runs them, prints the table, writes results.json
    rows/      one small program a row of the table
    peers/     the programs that rows are compared with, each a process of its own
    harness    rounds, warm-up, order, median and spread
    model      a row, its limits, and whether they are met
    workshop   a real fork server and real locked children for the rows
    house      a whole help desk with its supervisor, in a temporary directory
    served     a help desk that ``ohd serve`` serves, in a process of its own
    guests     plugins of one kind under many ids
    wrk        many readers at once of pages that somebody serves
    django     serves django-helpdesk, from an environment of its own
    native     builds the peers that are written in Go
    memory_map what Linux says of a process's memory
    report     the table on the screen, and the file for machines
    page       the table in the docs
    prepare    brings wrk and the peers that are not of our environment
    growth     the pictures of how cost grows, apart from the table
    chart      draws them
    data_set   fills a help desk with many tickets

Times of one machine at one time mean little; the ratio to the peer, taken in the same round, does.
"""
