"""Files on tickets: rows in the database, contents by their hash on the disk beside it.

::

    thumbnails  small pictures of files, each made once
    service     ``Files``: who may add, see and read which file
    scanning    what a virus scanner has not seen is given to nobody
    clamd       asks ClamAV's daemon
    store       contents on the disk, written and read in pieces
    kinds       what a file is, by its first bytes; pure
    names       names of files that people send; pure

A content is written and made durable before the row that speaks of it, and never changed.
"""
