"""The data directory: people, keys, backups.

::

    backup   ``ohd backup``
    restore  ``ohd restore``
    archive  the form of a backup
    people   ``ohd user`` and ``ohd apikey``
    key      ``ohd key``
"""
