"""People who ask for help: how they get an account of their own.

::

    sign_up        accounts that visitors make for themselves, where their domain is allowed
    tables         the tables
"""
