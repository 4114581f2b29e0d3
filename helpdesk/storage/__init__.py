"""One SQLite file: a single writer thread, read-only readers, ordered migrations.

Knows nothing of tickets but the tables in ``migrations``; other packages bring migration sets of
their own and use the same file.
"""
