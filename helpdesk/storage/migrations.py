"""The help desk's tables, as ordered steps that are never edited once released.

Conventions: ids are ULIDs as text; times are RFC 3339 in UTC, whole seconds, ``Z``; STRICT tables
(https://www.sqlite.org/stricttables.html). Names that people give are unique without regard to
case. Must not know of other packages' tables: they bring sets of their own.
"""

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk.storage import (
    folding_step,
    list_step,
    numbers_step,
    reports_step,
    revision_step,
    search_step,
    times_step,
    versions_step,
)

HELPDESK_MIGRATIONS = Migrations("helpdesk")

_PEOPLE = (
    """CREATE TABLE users (
        id TEXT PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('admin', 'staff', 'user')),
        password_hash TEXT,
        disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
        created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE sessions (
        token_hash BLOB PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    "CREATE INDEX sessions_by_expiry ON sessions (expires_at)",
    """CREATE TABLE api_keys (
        id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        key_hash BLOB NOT NULL UNIQUE,
        hint TEXT NOT NULL,
        created_at TEXT NOT NULL,
        last_used_at TEXT,
        revoked_at TEXT
    ) STRICT""",
    "CREATE INDEX api_keys_by_user ON api_keys (user_id, id)",
    """CREATE TABLE notifications (
        id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        link TEXT,
        created_at TEXT NOT NULL,
        read_at TEXT
    ) STRICT""",
    "CREATE INDEX notifications_by_user ON notifications (user_id, id)",
    "CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL",
)

_CATALOGUE = (
    """CREATE TABLE categories (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE
    ) STRICT""",
    """CREATE TABLE types (
        id TEXT PRIMARY KEY,
        category_id TEXT NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
        name TEXT NOT NULL COLLATE NOCASE,
        UNIQUE (category_id, name)
    ) STRICT""",
    """CREATE TABLE items (
        id TEXT PRIMARY KEY,
        type_id TEXT NOT NULL REFERENCES types (id) ON DELETE CASCADE,
        name TEXT NOT NULL COLLATE NOCASE,
        UNIQUE (type_id, name)
    ) STRICT""",
    """CREATE TABLE statuses (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        system INTEGER NOT NULL DEFAULT 0 CHECK (system IN (0, 1)),
        position INTEGER NOT NULL
    ) STRICT""",
    """INSERT INTO statuses (name, system, position) VALUES
        ('New', 1, 0), ('Resolved', 1, 1000000), ('Closed', 1, 1000001)""",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE groups (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE
    ) STRICT""",
    """CREATE TABLE group_members (
        group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        PRIMARY KEY (group_id, user_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX group_members_by_user ON group_members (user_id)",
    """CREATE TABLE group_categories (
        group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        category_id TEXT NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
        PRIMARY KEY (group_id, category_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX group_categories_by_category ON group_categories (category_id)",
)

_TICKETS = (
    # Priority is its rank, 0 (Low) to 3 (Critical), so that sorting by it can use an index.
    """CREATE TABLE tickets (
        id TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        description TEXT NOT NULL,
        status TEXT NOT NULL COLLATE NOCASE REFERENCES statuses (name) ON UPDATE CASCADE,
        priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
        category_id TEXT REFERENCES categories (id),
        type_id TEXT REFERENCES types (id),
        item_id TEXT REFERENCES items (id),
        submitter_id TEXT NOT NULL REFERENCES users (id),
        assignee_user_id TEXT REFERENCES users (id),
        assignee_group_id TEXT REFERENCES groups (id),
        resolution_notes TEXT NOT NULL DEFAULT '',
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        resolved_at TEXT,
        closed_at TEXT,
        CHECK (assignee_user_id IS NULL OR assignee_group_id IS NULL),
        CHECK (type_id IS NULL OR category_id IS NOT NULL),
        CHECK (item_id IS NULL OR type_id IS NOT NULL)
    ) STRICT""",
    "CREATE INDEX tickets_by_update ON tickets (updated_at, id)",
    "CREATE INDEX tickets_by_status ON tickets (status, updated_at, id)",
    "CREATE INDEX tickets_by_priority ON tickets (priority, updated_at, id)",
    "CREATE INDEX tickets_by_submitter ON tickets (submitter_id, updated_at, id)",
    "CREATE INDEX tickets_by_assignee ON tickets (assignee_user_id, updated_at, id)",
    "CREATE INDEX tickets_by_group ON tickets (assignee_group_id, updated_at, id)",
    "CREATE INDEX tickets_by_category ON tickets (category_id, updated_at, id)",
    "CREATE INDEX tickets_by_type ON tickets (type_id)",
    "CREATE INDEX tickets_by_item ON tickets (item_id)",
    "CREATE INDEX tickets_resolved ON tickets (resolved_at) WHERE status = 'Resolved'",
    """CREATE TABLE replies (
        id TEXT PRIMARY KEY,
        ticket_id TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
        body TEXT NOT NULL,
        is_internal INTEGER NOT NULL CHECK (is_internal IN (0, 1)),
        author_id TEXT NOT NULL,
        author_name TEXT NOT NULL,
        author_role TEXT NOT NULL,
        created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX replies_by_ticket ON replies (ticket_id, id)",
    """CREATE TABLE status_history (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        ticket_id TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
        from_status TEXT,
        to_status TEXT NOT NULL,
        at TEXT NOT NULL,
        author_id TEXT NOT NULL,
        author_name TEXT NOT NULL,
        author_role TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX status_history_by_ticket ON status_history (ticket_id, seq)",
    """CREATE TABLE custom_fields (
        ticket_id TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        setter_id TEXT NOT NULL,
        setter_name TEXT NOT NULL,
        set_at TEXT NOT NULL,
        PRIMARY KEY (ticket_id, key)
    ) STRICT, WITHOUT ROWID""",
)

_OUTBOX = (
    # AUTOINCREMENT: a position is never given twice, also after old events are pruned.
    """CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        ticket_id TEXT NOT NULL,
        occurred_at TEXT NOT NULL,
        origin TEXT,
        depth INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
)


@HELPDESK_MIGRATIONS()
def m001_first_tables(db: sqlite_utils.Database) -> None:
    """Create people, catalogue, tickets and the outbox."""
    for statement in (*_PEOPLE, *_CATALOGUE, *_TICKETS, *_OUTBOX):
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m002_search_and_timeline(db: sqlite_utils.Database) -> None:
    """Create the full-text search, number what it needs, and name the steps of status history."""
    for statement in search_step.STATEMENTS:
        db.execute(statement)
    search_step.name_old_steps(db.conn)


@HELPDESK_MIGRATIONS()
def m003_lists(db: sqlite_utils.Database) -> None:
    """Create the indexes that lists are read from."""
    for statement in list_step.STATEMENTS:
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m004_folding(db: sqlite_utils.Database) -> None:
    """Fold what is searched, so that words are found in any case, accent and composition."""
    for statement in folding_step.STATEMENTS:
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m005_requests_done(db: sqlite_utils.Database) -> None:
    """Remember what came of requests that may be repeated; see ``helpdesk.once``."""
    db.execute(
        """CREATE TABLE requests_done (
            person_id TEXT NOT NULL,
            key TEXT NOT NULL,
            digest TEXT NOT NULL,
            made_id TEXT NOT NULL,
            at TEXT NOT NULL,
            UNIQUE (person_id, key)
        ) STRICT"""
    )


@HELPDESK_MIGRATIONS()
def m006_event_causes(db: sqlite_utils.Database) -> None:
    """Let an event say what began the chain of plugin causes that led to it."""
    db.execute("ALTER TABLE events ADD COLUMN cause TEXT")


@HELPDESK_MIGRATIONS()
def m007_numbers(db: sqlite_utils.Database) -> None:
    """Give what has a ULID an integer too, and keep what of tickets is counted by integers."""
    for statement in numbers_step.STATEMENTS:
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m008_revisions(db: sqlite_utils.Database) -> None:
    """Number the changes of tickets, and sort lists by that."""
    for statement in revision_step.STATEMENTS:
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m009_ticket_changes(db: sqlite_utils.Database) -> None:
    """Remember who changed what on a ticket; see ``helpdesk.tickets.trace``."""
    db.execute(
        """CREATE TABLE ticket_changes (
            id TEXT PRIMARY KEY,
            ticket_id TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
            field TEXT NOT NULL,
            from_value TEXT,
            to_value TEXT,
            at TEXT NOT NULL,
            author_id TEXT NOT NULL,
            author_name TEXT NOT NULL,
            author_role TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX ticket_changes_by_ticket ON ticket_changes (ticket_id, id)")


@HELPDESK_MIGRATIONS()
def m010_keys_and_devices(db: sqlite_utils.Database) -> None:
    """Give API keys a scope and an expiry, and remember the browsers that people log in from."""
    for statement in (
        "ALTER TABLE api_keys ADD COLUMN scope TEXT NOT NULL DEFAULT 'all'",
        "ALTER TABLE api_keys ADD COLUMN expires_at TEXT",
        """CREATE TABLE login_devices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token_hash BLOB NOT NULL UNIQUE,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
        ) STRICT""",
        "CREATE INDEX login_devices_by_user ON login_devices (user_id, id)",
    ):
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m011_filters(db: sqlite_utils.Database) -> None:
    """Index what lists filter by beside the facts of ``list_step``: times, and custom fields."""
    for statement in (
        "CREATE INDEX tickets_by_creation_time ON tickets (created_at, number)",
        "CREATE INDEX tickets_by_update_time ON tickets (updated_at, number)",
        """CREATE INDEX custom_fields_by_value
            ON custom_fields (key, value COLLATE NOCASE, ticket_id)""",
    ):
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m012_seen_tickets(db: sqlite_utils.Database) -> None:
    """Remember which change of a ticket each person has seen; see ``helpdesk.tickets.seen``."""
    newest = "SELECT coalesce(max(revision), 0) FROM tickets"
    for statement in (
        # The row of number 0 says from which change on anything is news for the person.
        """CREATE TABLE ticket_seen (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY (user_id, number)
        ) STRICT, WITHOUT ROWID""",
        f"INSERT INTO ticket_seen (user_id, number, revision) SELECT id, 0, ({newest}) FROM users",  # noqa: S608
        f"""CREATE TRIGGER ticket_seen_begun AFTER INSERT ON users BEGIN
            INSERT INTO ticket_seen (user_id, number, revision) VALUES (NEW.id, 0, ({newest}));
        END""",  # noqa: S608
    ):
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m013_language(db: sqlite_utils.Database) -> None:
    """Let each account have a language; see ``helpdesk.languages``."""
    db.execute("ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT ''")


@HELPDESK_MIGRATIONS()
def m014_ticket_times(db: sqlite_utils.Database) -> None:
    """Keep for each ticket when it was answered and resolved; see ``times_step``."""
    for statement in times_step.STATEMENTS:
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m015_browsers_of_sessions(db: sqlite_utils.Database) -> None:
    """Let people know their sessions apart, and let each remember when its person was proved."""
    for statement in (
        "ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sessions ADD COLUMN seen_at TEXT",
        # When the person last showed their password in it; NULL: when it began.
        "ALTER TABLE sessions ADD COLUMN proved_at TEXT",
    ):
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m016_versions(db: sqlite_utils.Database) -> None:
    """Give a version to what every page reads and few people change; see ``versions_step``."""
    for statement in versions_step.STATEMENTS:
        db.execute(statement)


@HELPDESK_MIGRATIONS()
def m017_reports(db: sqlite_utils.Database) -> None:
    """Keep beside those times what reports are by, and when tickets were reopened."""
    for statement in reports_step.STATEMENTS:
        db.execute(statement)
