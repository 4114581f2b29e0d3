"""The help desk's seventh step: integers for what has an id, and what of tickets they count.

``numbers`` gives each person, group, category, type and status an integer that is never given
twice; tickets have theirs. ``ticket_facts`` holds, a row for each ticket, what lists and statistics
by integers read, without the texts that make a ticket's own row slow to pass. Triggers keep both,
so that no writer need know of them.

A module of its own because a step is never edited once released. ``migrations`` runs it.
"""

RESERVED = 100
"""Numbers up to here are never given: readers may give them a meaning of their own."""
NONE = 1
"""Stands for no category, no type and nobody."""

_SOURCES = {
    "user": ("users", "id"),
    "group": ("groups", "id"),
    "category": ("categories", "id"),
    "type": ("types", "id"),
    "status": ("statuses", "name"),
}
"""Kind of number: the table whose rows have it, and their key."""

_PRIORITY_RANK = 2
"""Of the lowest priority, where ranks begin with 1."""


def _number_or_none(kind: str, value: str) -> str:
    found = f"SELECT number FROM numbers WHERE kind = '{kind}' AND id = {value}"  # noqa: S608
    return f"ifnull(({found}), {NONE})"


def _time(value: str) -> str:
    return f"substr({value}, 1, 10) || ' ' || substr({value}, 12, 8)"


def _facts(ticket: str) -> dict[str, str]:
    """Return each column of ``ticket_facts`` as an expression over a row of ``tickets``."""
    return {
        "number": f"{ticket}.number",
        "subject": f"{ticket}.subject",
        "status": _number_or_none("status", f"{ticket}.status"),
        "priority": f"{ticket}.priority + {_PRIORITY_RANK}",
        "category": _number_or_none("category", f"{ticket}.category_id"),
        "type": _number_or_none("type", f"{ticket}.type_id"),
        "submitter": _number_or_none("user", f"{ticket}.submitter_id"),
        "assignee": _number_or_none("user", f"{ticket}.assignee_user_id"),
        "created": _time(f"{ticket}.created_at"),
        "updated": _time(f"{ticket}.updated_at"),
    }


_NUMBERS = (
    """CREATE TABLE numbers (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        id TEXT NOT NULL COLLATE NOCASE,
        UNIQUE (kind, id)
    ) STRICT""",
    f"INSERT INTO sqlite_sequence (name, seq) VALUES ('numbers', {RESERVED})",  # noqa: S608
)


def _numbering(kind: str) -> tuple[str, ...]:
    table, key = _SOURCES[kind]
    return (
        f"INSERT INTO numbers (kind, id) SELECT '{kind}', {key} FROM {table}",  # noqa: S608
        f"""CREATE TRIGGER numbers_{kind}_added AFTER INSERT ON {table} BEGIN
            INSERT OR IGNORE INTO numbers (kind, id) VALUES ('{kind}', NEW.{key});
        END""",  # noqa: S608
        f"""CREATE TRIGGER numbers_{kind}_removed AFTER DELETE ON {table} BEGIN
            DELETE FROM numbers WHERE kind = '{kind}' AND id = OLD.{key};
        END""",  # noqa: S608
    )


_RENAMING = (
    """CREATE TRIGGER numbers_status_renamed BEFORE UPDATE OF name ON statuses BEGIN
        UPDATE numbers SET id = NEW.name WHERE kind = 'status' AND id = OLD.name;
    END""",
)
"""A status is known by its name alone. Before: its tickets, which follow, look the new one up."""

_WATCHED = (
    "subject, status, priority, category_id, type_id, submitter_id, assignee_user_id, updated_at"
)
_FACTS = (
    """CREATE TABLE ticket_facts (
        number INTEGER PRIMARY KEY,
        subject TEXT NOT NULL COLLATE NOCASE,
        status INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        category INTEGER NOT NULL,
        type INTEGER NOT NULL,
        submitter INTEGER NOT NULL,
        assignee INTEGER NOT NULL,
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    ) STRICT""",
    f"""INSERT INTO ticket_facts ({", ".join(_facts("t"))})
        SELECT {", ".join(_facts("t").values())} FROM tickets AS t ORDER BY t.number""",  # noqa: S608
    *(
        f"CREATE INDEX ticket_facts_by_{column} ON ticket_facts ({column})"
        for column in ("status", "priority", "category", "submitter", "assignee", "created")
    ),
    f"""CREATE TRIGGER ticket_facts_added AFTER INSERT ON tickets BEGIN
        INSERT INTO ticket_facts ({", ".join(_facts("NEW"))})
            VALUES ({", ".join(_facts("NEW").values())});
    END""",  # noqa: S608
    f"""CREATE TRIGGER ticket_facts_changed AFTER UPDATE OF {_WATCHED} ON tickets BEGIN
        UPDATE ticket_facts
            SET {", ".join(f"{name} = {value}" for name, value in _facts("NEW").items())}
            WHERE number = OLD.number;
    END""",  # noqa: S608
    """CREATE TRIGGER ticket_facts_removed AFTER DELETE ON tickets BEGIN
        DELETE FROM ticket_facts WHERE number = OLD.number;
    END""",
)

STATEMENTS = (
    *_NUMBERS,
    *(statement for kind in _SOURCES for statement in _numbering(kind)),
    *_RENAMING,
    *_FACTS,
)
