"""The supervisor's tables, in steps that are each applied once, in order, in a transaction."""

from sqlite_utils import Database, Migrations

migrations = Migrations("supervisor")


@migrations()
def m001_plugins(db: Database) -> None:
    """Installed plugins, their configuration, their deliveries and their log lines."""
    db.execute(
        """
        CREATE TABLE plugins (
            id TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL,
            size INTEGER NOT NULL,
            manifest TEXT NOT NULL,      -- the JSON of the custom section, as it was
            report TEXT NOT NULL,        -- JSON: ModuleReport
            source TEXT NOT NULL,
            installed_at INTEGER NOT NULL,   -- milliseconds since 1970, UTC, as everywhere here
            installed_by TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            state_reason TEXT,
            claimed_seq INTEGER NOT NULL,    -- events up to here may have been sent to the plugin
            settled_seq INTEGER NOT NULL,    -- events up to here have their delivery recorded
            redelivered_seq INTEGER NOT NULL DEFAULT 0,  -- event that was in flight at a crash
            error_count INTEGER NOT NULL,
            last_error TEXT
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE plugin_config (
            plugin_id TEXT NOT NULL REFERENCES plugins(id) ON DELETE CASCADE,
            field TEXT NOT NULL,
            value TEXT,       -- JSON; null for a secret
            sealed BLOB,      -- SecretBox; null for anything else
            PRIMARY KEY (plugin_id, field)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY,
            plugin_id TEXT NOT NULL,
            event_seq INTEGER NOT NULL,
            event_id TEXT NOT NULL,
            event TEXT NOT NULL,
            ticket_id TEXT NOT NULL,
            outcome TEXT NOT NULL,
            error TEXT,
            started_at INTEGER NOT NULL,
            duration_us INTEGER NOT NULL,
            memory_bytes INTEGER,
            host_calls TEXT,        -- JSON list, null for none
            redelivered INTEGER NOT NULL
        ) STRICT
        """
    )
    db.execute("CREATE INDEX deliveries_by_plugin ON deliveries (plugin_id, id)")
    db.execute(
        """
        CREATE TABLE plugin_logs (
            id INTEGER PRIMARY KEY,
            plugin_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            level TEXT NOT NULL,
            message TEXT NOT NULL,
            event_id TEXT
        ) STRICT
        """
    )
    db.execute("CREATE INDEX plugin_logs_by_plugin ON plugin_logs (plugin_id, id)")


@migrations()
def m002_egress_ledger(db: Database) -> None:
    """Every request that a plugin made or was refused. It outlives the plugin."""
    db.execute(
        """
        CREATE TABLE egress_ledger (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            plugin_id TEXT NOT NULL,
            event_id TEXT,
            outcome TEXT NOT NULL,
            host TEXT NOT NULL,
            address TEXT,
            method TEXT NOT NULL,
            path TEXT NOT NULL,
            status INTEGER NOT NULL,
            sent_bytes INTEGER NOT NULL,
            received_bytes INTEGER NOT NULL,
            duration_us INTEGER NOT NULL,
            detail TEXT
        ) STRICT
        """
    )
    db.execute("CREATE INDEX egress_ledger_by_plugin ON egress_ledger (plugin_id, id)")
    db.execute("CREATE INDEX egress_ledger_by_host ON egress_ledger (host, id)")


@migrations()
def m003_heartbeat(db: Database) -> None:
    """One row that is written to find out whether the database can be."""
    db.execute(
        "CREATE TABLE heartbeat (one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL) "
        "STRICT"
    )


@migrations()
def m010_versions(db: Database) -> None:
    """Versions beside the installed one, and what an admin denies from a plugin."""
    db.execute(
        """
        CREATE TABLE plugin_versions (
            plugin_id TEXT NOT NULL REFERENCES plugins(id) ON DELETE CASCADE,
            sha256 TEXT NOT NULL,
            size INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            report TEXT NOT NULL,
            source TEXT NOT NULL,
            installed_at INTEGER NOT NULL,
            installed_by TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('waiting', 'kept')),
            since INTEGER NOT NULL,     -- when it got this status
            withheld TEXT NOT NULL,     -- JSON list: what was withheld from it while it was active
            PRIMARY KEY (plugin_id, sha256)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        "CREATE UNIQUE INDEX one_version_waits ON plugin_versions (plugin_id) "
        "WHERE status = 'waiting'"
    )
    db.execute(
        """
        CREATE TABLE version_config (   -- of a kept version, as it was when another replaced it
            plugin_id TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            field TEXT NOT NULL,
            value TEXT,
            sealed BLOB,
            PRIMARY KEY (plugin_id, sha256, field),
            FOREIGN KEY (plugin_id, sha256)
                REFERENCES plugin_versions(plugin_id, sha256) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("ALTER TABLE plugins ADD COLUMN withheld TEXT NOT NULL DEFAULT '[]'")
    # JSON: event to the position after which the plugin receives it, where it was asked for, or
    # given back, later than the plugin was switched on.
    db.execute("ALTER TABLE plugins ADD COLUMN event_starts TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m020_history(db: Database) -> None:
    """What each plugin did and used, minute by minute, for a day."""
    db.execute(
        """
        CREATE TABLE plugin_history (
            plugin_id TEXT NOT NULL,
            minute INTEGER NOT NULL,     -- since 1970, UTC
            deliveries INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            buckets TEXT,                -- JSON: bucket of the duration to how many, null for none
            waiting INTEGER,
            cpu REAL NOT NULL,           -- percent of a processor times seconds
            cpu_s REAL NOT NULL,
            uss INTEGER,
            guest INTEGER,
            PRIMARY KEY (plugin_id, minute)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX plugin_history_by_minute ON plugin_history (minute)")


@migrations()
def m021_delivery_filters(db: Database) -> None:
    """What the delivery log is asked for.

    What went well, as nearly all does, has one more index entry, which costs 4 us of the writer's
    time. The rest of what it is asked for is looked through from the newest on.
    """
    db.execute("CREATE INDEX deliveries_failed ON deliveries (plugin_id, id) WHERE outcome <> 'ok'")
    db.execute("CREATE INDEX deliveries_again ON deliveries (plugin_id, id) WHERE redelivered = 1")
    db.execute("CREATE INDEX deliveries_by_ticket ON deliveries (ticket_id, plugin_id, id)")


@migrations()
def m022_redeliveries(db: Database) -> None:
    """Redeliveries requested by admins, until they have a result."""
    db.execute(
        """
        CREATE TABLE redeliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused
            plugin_id TEXT NOT NULL,
            event_seq INTEGER NOT NULL,
            event_id TEXT NOT NULL,
            event TEXT NOT NULL,
            ticket_id TEXT NOT NULL,
            asked_at INTEGER NOT NULL,
            asked_by TEXT NOT NULL,
            out INTEGER NOT NULL DEFAULT 0,     -- it may have been sent
            tried INTEGER NOT NULL DEFAULT 0,   -- how often the server was killed meanwhile
            UNIQUE (plugin_id, event_seq)
        ) STRICT
        """
    )


@migrations()
def m030_limits(db: Database) -> None:
    """The limits that an admin set for one plugin."""
    # JSON: name to number, see ``overrides``; a name that is not there is the operator's to set.
    db.execute("ALTER TABLE plugins ADD COLUMN limits TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m031_version_places(db: Database) -> None:
    """The order of a plugin's versions is that in which they got their status, not their times."""
    db.execute("ALTER TABLE plugin_versions ADD COLUMN place INTEGER NOT NULL DEFAULT 0")
    db.execute(
        "UPDATE plugin_versions SET place = (SELECT count(*) FROM plugin_versions AS other "
        "WHERE (other.since, other.sha256) <= (plugin_versions.since, plugin_versions.sha256))"
    )


@migrations()
def m032_extras(db: Database) -> None:
    """Permissions that a plugin did not ask for and an admin has granted."""
    # JSON: a list of permissions as text, see ``registration.permissions``.
    db.execute("ALTER TABLE plugins ADD COLUMN extras TEXT NOT NULL DEFAULT '[]'")


@migrations()
def m033_jobs(db: Database) -> None:
    """Jobs of plugins: when each was last due, and how its last run went."""
    db.execute(
        """
        CREATE TABLE plugin_jobs (
            plugin_id TEXT NOT NULL,
            job_id TEXT NOT NULL,
            due INTEGER NOT NULL,
            outcome TEXT,
            error TEXT,
            duration_s REAL,
            PRIMARY KEY (plugin_id, job_id)
        ) STRICT, WITHOUT ROWID
        """
    )


@migrations()
def m034_calls(db: Database) -> None:
    """Calls of functions are deliveries too: what each was for, what it was given, and for whom."""
    db.execute("ALTER TABLE deliveries ADD COLUMN kind TEXT NOT NULL DEFAULT 'event'")
    db.execute("ALTER TABLE deliveries ADD COLUMN function TEXT")
    db.execute("ALTER TABLE deliveries ADD COLUMN arguments TEXT")  # JSON, redacted and cut
    db.execute("ALTER TABLE deliveries ADD COLUMN person TEXT")
    db.execute(
        "CREATE INDEX deliveries_calls ON deliveries (plugin_id, kind, id) WHERE kind <> 'event'"
    )


@migrations()
def m035_plugin_data(db: Database) -> None:
    """Files and secrets that plugins keep."""
    db.execute(
        """
        CREATE TABLE plugin_files (
            plugin_id TEXT NOT NULL REFERENCES plugins(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            size INTEGER NOT NULL,
            metadata TEXT NOT NULL,     -- JSON: text to text
            modified_at INTEGER NOT NULL,
            content BLOB NOT NULL,      -- last, so that lists do not read it
            PRIMARY KEY (plugin_id, key)
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE plugin_secrets (
            plugin_id TEXT NOT NULL REFERENCES plugins(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            sealed BLOB NOT NULL,       -- SecretBox
            PRIMARY KEY (plugin_id, key)
        ) STRICT, WITHOUT ROWID
        """
    )


@migrations()
def m036_plugin_records(db: Database) -> None:
    """Records that plugins keep, which can be written with a change of a ticket."""
    db.execute(
        """
        CREATE TABLE plugin_records (
            plugin_id TEXT NOT NULL REFERENCES plugins(id) ON DELETE CASCADE,
            collection TEXT NOT NULL,
            key TEXT NOT NULL,
            revision INTEGER NOT NULL,
            tag TEXT NOT NULL,
            at INTEGER NOT NULL,
            value TEXT NOT NULL,        -- JSON; last, so that counts do not read it
            PRIMARY KEY (plugin_id, collection, key)
        ) STRICT
        """
    )
    db.execute(
        "CREATE INDEX plugin_records_by_tag ON plugin_records (plugin_id, collection, tag, at)"
    )
    db.execute(
        """
        CREATE TABLE plugin_record_room (
            plugin_id TEXT PRIMARY KEY REFERENCES plugins(id) ON DELETE CASCADE,
            records INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )


@migrations()
def m037_plugin_record_tags(db: Database) -> None:
    """How many records have each tag, so that a count reads a row for each tag alone."""
    db.execute(
        """
        CREATE TABLE plugin_record_tags (
            plugin_id TEXT NOT NULL REFERENCES plugins(id) ON DELETE CASCADE,
            collection TEXT NOT NULL,
            tag TEXT NOT NULL,
            records INTEGER NOT NULL,
            total INTEGER NOT NULL,     -- the sum of their numbers
            PRIMARY KEY (plugin_id, collection, tag)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        "INSERT INTO plugin_record_tags SELECT plugin_id, collection, tag, count(*), sum(at)"
        " FROM plugin_records GROUP BY plugin_id, collection, tag"
    )
