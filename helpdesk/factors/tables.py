"""Tables of second factors."""

import sqlite_utils
from sqlite_utils.migrations import Migrations

FACTOR_MIGRATIONS = Migrations("factors")


@FACTOR_MIGRATIONS()
def m001_factors(db: sqlite_utils.Database) -> None:
    """Create the tables."""
    for statement in (
        # ``last_step`` is the newest time step whose code was accepted: no code counts twice.
        # Without ``confirmed_at`` the app is being set up, and counts for nothing.
        """CREATE TABLE authenticator_apps (
            user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            sealed BLOB NOT NULL,
            confirmed_at TEXT,
            last_step INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        """CREATE TABLE passkeys (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            credential_id BLOB NOT NULL UNIQUE,
            public_key BLOB NOT NULL,
            sign_count INTEGER NOT NULL,
            name TEXT NOT NULL,
            created_at TEXT NOT NULL,
            last_used_at TEXT
        ) STRICT""",
        "CREATE INDEX passkeys_by_user ON passkeys (user_id, id)",
        """CREATE TABLE recovery_codes (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            code_hash BLOB NOT NULL,
            PRIMARY KEY (user_id, code_hash)
        ) STRICT, WITHOUT ROWID""",
        # A log-in whose password was right, and whose second factor is waited for.
        """CREATE TABLE login_steps (
            token_hash BLOB PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            expires_at TEXT NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX login_steps_by_user ON login_steps (user_id)",
        # The last challenge of a session or of a login step: a newer one takes its place.
        """CREATE TABLE passkey_challenges (
            holder_hash BLOB PRIMARY KEY,
            challenge BLOB NOT NULL,
            expires_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    ):
        db.execute(statement)
