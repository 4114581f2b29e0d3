"""A later step of the help desk's: reports by all that tickets have, and of past backlogs.

``ticket_times`` gets what reports group and filter by, and indexes that hold all of it: a report of
many tickets then reads one index and no row. ``ticket_reopenings`` has a row for each time that a
ticket was open again, with the span in which it was not: who counts open tickets of the past needs
it, because the ticket's own row says only when it was settled last.

A module of its own because a step is never edited once released. ``migrations`` runs it.
"""

NONE = 1
"""Stands for no category, no group and nobody."""
_PRIORITY_RANK = 2
"""Of the lowest priority, as in ``ticket_facts``."""
_SETTLED = "('Resolved', 'Closed')"


def _seconds(value: str) -> str:
    return f"CAST(strftime('%s', {value}) AS INTEGER)"


def _number(kind: str, value: str) -> str:
    found = f"SELECT number FROM numbers WHERE kind = '{kind}' AND id = {value}"  # noqa: S608
    return f"ifnull(({found}), {NONE})"


def _settled(ticket: str) -> str:
    """Return since when a ticket is resolved or closed."""
    return f"coalesce({ticket}.resolved_at, {ticket}.closed_at)"


def _columns(ticket: str) -> dict[str, str]:
    """Return what is known from a row of ``tickets`` alone, and may change with it."""
    return {
        "resolved": _seconds(_settled(ticket)),
        "assignee_group": _number("group", f"{ticket}.assignee_group_id"),
        "category": _number("category", f"{ticket}.category_id"),
        "assignee": _number("user", f"{ticket}.assignee_user_id"),
        "priority": f"{ticket}.priority + {_PRIORITY_RANK}",
        "status": _number("status", f"{ticket}.status"),
    }


_NEW = _columns("NEW")
_ADDED = ("category", "assignee", "priority", "status")
_COVERED = "category, assignee_group, assignee, priority"
_WATCHED = (
    "resolved_at, closed_at, assignee_group_id, category_id, assignee_user_id, priority, status"
)

_TIMES = (
    *(
        f"ALTER TABLE ticket_times ADD COLUMN {name} INTEGER NOT NULL DEFAULT {NONE}"
        for name in _ADDED
    ),
    f"""UPDATE ticket_times SET ({", ".join(_ADDED)}) =
        (SELECT {", ".join(_columns("t")[name] for name in _ADDED)}
            FROM tickets AS t WHERE t.number = ticket_times.number)""",  # noqa: S608
    *(f"DROP INDEX ticket_times_by_{name}" for name in ("creation", "answer", "resolution")),
    f"CREATE INDEX ticket_times_by_creation ON ticket_times (created, {_COVERED})",
    f"CREATE INDEX ticket_times_by_answer ON ticket_times (answered, created, {_COVERED})",
    f"CREATE INDEX ticket_times_by_resolution ON ticket_times (resolved, created, {_COVERED})",
    f"CREATE INDEX ticket_times_by_status ON ticket_times (status, {_COVERED})",
    "DROP TRIGGER ticket_times_added",
    f"""CREATE TRIGGER ticket_times_added AFTER INSERT ON tickets BEGIN
        INSERT INTO ticket_times (number, created, answered, reopened, {", ".join(_NEW)})
            VALUES (NEW.number, ifnull({_seconds("NEW.created_at")}, 0), NULL, 0,
                {", ".join(_NEW.values())});
    END""",  # noqa: S608
    "DROP TRIGGER ticket_times_changed",
    f"""CREATE TRIGGER ticket_times_changed AFTER UPDATE OF {_WATCHED} ON tickets BEGIN
        UPDATE ticket_times SET {", ".join(f"{name} = {value}" for name, value in _NEW.items())}
            WHERE number = OLD.number;
    END""",  # noqa: S608
)

_REOPENINGS = (
    """CREATE TABLE ticket_reopenings (
        id INTEGER PRIMARY KEY,
        number INTEGER NOT NULL,
        resolved INTEGER NOT NULL,
        reopened INTEGER NOT NULL
    ) STRICT""",
    # Of a ticket that came settled from elsewhere, nobody knows since when it was.
    f"""INSERT INTO ticket_reopenings (number, resolved, reopened)
        SELECT number, resolved, reopened FROM (
            SELECT t.number AS number, {_seconds("h.at")} AS reopened, h.id AS id,
                (SELECT {_seconds("max(p.at)")} FROM status_history AS p
                    WHERE p.ticket_id = h.ticket_id AND p.id < h.id AND p.to_status IN {_SETTLED}
                    AND ifnull(p.from_status, '') NOT IN {_SETTLED}) AS resolved
            FROM status_history AS h JOIN tickets AS t ON t.id = h.ticket_id
            WHERE h.from_status IN {_SETTLED} AND h.to_status NOT IN {_SETTLED})
        WHERE resolved IS NOT NULL ORDER BY id""",  # noqa: S608
    "CREATE INDEX ticket_reopenings_by_number ON ticket_reopenings (number)",
    "CREATE INDEX ticket_reopenings_by_resolution ON ticket_reopenings (resolved, number)",
    "CREATE INDEX ticket_reopenings_by_reopening ON ticket_reopenings (reopened, number)",
    f"""CREATE TRIGGER ticket_reopenings_added AFTER UPDATE OF resolved_at, closed_at ON tickets
        WHEN {_settled("OLD")} IS NOT NULL AND {_settled("NEW")} IS NULL BEGIN
        INSERT INTO ticket_reopenings (number, resolved, reopened)
            VALUES (NEW.number, {_seconds(_settled("OLD"))}, {_seconds("NEW.updated_at")});
    END""",  # noqa: S608
    """CREATE TRIGGER ticket_reopenings_removed AFTER DELETE ON tickets BEGIN
        DELETE FROM ticket_reopenings WHERE number = OLD.number;
    END""",
)

STATEMENTS = (*_TIMES, *_REOPENINGS)
