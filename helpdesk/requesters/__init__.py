"""People who ask for help: how they get an account, and where they belong.

::

    sign_up        accounts that visitors make for themselves, where their domain is allowed
    organizations  where requesters belong, and whether members share their tickets
    tables         the tables
"""
