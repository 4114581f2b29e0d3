"""The data directory: people, keys, backups.

::

    backup   ``ohd backup``
    restore  ``ohd restore``
    archive  the form of a backup
    own_databases
             copies of the databases that plugins have of their own
    people   ``ohd user`` and ``ohd apikey``
    key      ``ohd key``
"""
