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


@REQUESTER_MIGRATIONS()
def m002_organizations(db: sqlite_utils.Database) -> None:
    """Create the organizations; a person is in one at most, and so is a domain."""
    for statement in (
        """CREATE TABLE organizations (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL COLLATE NOCASE UNIQUE,
            notes TEXT NOT NULL DEFAULT '',
            shares INTEGER NOT NULL DEFAULT 0 CHECK (shares IN (0, 1))
        ) STRICT""",
        """CREATE TABLE organization_domains (
            domain TEXT PRIMARY KEY,
            organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID""",
        """CREATE INDEX organization_domains_by_organization
            ON organization_domains (organization_id, domain)""",
        """CREATE TABLE organization_members (
            user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID""",
        """CREATE INDEX organization_members_by_organization
            ON organization_members (organization_id, user_id)""",
    ):
        db.execute(statement)
