"""The tables of mail, in both directions. Steps are never edited once released."""

import sqlite_utils
from sqlite_utils.migrations import Migrations

MAIL_MIGRATIONS = Migrations("mail")


@MAIL_MIGRATIONS()
def m001_mail(db: sqlite_utils.Database) -> None:
    """Create the tables; the key of marks is made here, and never shown."""
    for statement in (
        "CREATE TABLE mail_key (key BLOB NOT NULL) STRICT",
        "INSERT INTO mail_key VALUES (randomblob(32))",
        "CREATE TABLE mail_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        "CREATE TABLE mail_secrets (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
        """CREATE TABLE mail_templates (
            event TEXT NOT NULL,
            language TEXT NOT NULL,
            subject TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (event, language)
        ) STRICT""",
        """CREATE TABLE mail_choices (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            event TEXT NOT NULL,
            web INTEGER NOT NULL CHECK (web IN (0, 1)),
            mail INTEGER NOT NULL CHECK (mail IN (0, 1)),
            PRIMARY KEY (user_id, event)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE mail_outgoing (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            message_id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            address TEXT NOT NULL,
            subject TEXT NOT NULL,
            letter TEXT NOT NULL,
            user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
            number INTEGER REFERENCES tickets (number) ON DELETE SET NULL,
            state TEXT NOT NULL CHECK (
                state IN ('queued', 'sending', 'sent', 'shown', 'failed', 'bounced')),
            attempts INTEGER NOT NULL DEFAULT 0,
            due_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            ended_at TEXT,
            problem TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        """CREATE INDEX mail_outgoing_due ON mail_outgoing (due_at, seq)
            WHERE state IN ('queued', 'sending')""",
        "CREATE INDEX mail_outgoing_by_ticket ON mail_outgoing (number, user_id)",
        "CREATE INDEX mail_outgoing_by_address ON mail_outgoing (address, created_at)",
        "CREATE INDEX mail_outgoing_by_user ON mail_outgoing (user_id)",
        """CREATE TABLE mail_incoming (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL,
            message_id TEXT NOT NULL,
            digest TEXT NOT NULL,
            sender TEXT NOT NULL,
            sender_name TEXT NOT NULL,
            subject TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
            number INTEGER REFERENCES tickets (number) ON DELETE SET NULL,
            reply_id TEXT,
            quoted TEXT NOT NULL DEFAULT '',
            received_at TEXT NOT NULL,
            UNIQUE (message_id, digest)
        ) STRICT""",
        "CREATE INDEX mail_incoming_by_hash ON mail_incoming (sha256)",
        "CREATE INDEX mail_incoming_by_ticket ON mail_incoming (number, user_id, seq)",
        "CREATE INDEX mail_incoming_by_user ON mail_incoming (user_id)",
        """CREATE TABLE mail_places (
            mailbox TEXT PRIMARY KEY,
            validity INTEGER NOT NULL,
            last_uid INTEGER NOT NULL
        ) STRICT""",
    ):
        db.execute(statement)
