"""The tables of requesters. Steps are never edited once released."""

import sqlite_utils
from sqlite_utils.migrations import Migrations

REQUESTER_MIGRATIONS = Migrations("requesters")


@REQUESTER_MIGRATIONS()
def m001_sign_ups(db: sqlite_utils.Database) -> None:
    """Create the sign-ups that wait for a confirmation; an address has one at most."""
    db.execute(
        """CREATE TABLE sign_ups (
            email TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            token_hash BLOB NOT NULL UNIQUE,
            expires_at TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX sign_ups_by_expiry ON sign_ups (expires_at)")
