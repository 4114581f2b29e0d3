"""The help desk's data in the shape of another platform's tables: one view for each.

A database connection sees either everything, as staff does, or what one submitter may see: whom it
is for stands in ``temp.audience``, which no statement but a view's can read. The columns are those
of ``sandbox_child.wire.queries.TABLES``; a test holds the two together.

Numbers: a person without a number does not exist, so user 1 is nobody. Categories, types and groups
of ours have numbers above 100, which leaves the first ones for what has no row of its own here.
"""

import sqlite3
from typing import Final

from sandbox_child.wire.queries import TABLES

NOBODY, NO_CATEGORY, NO_TYPE = 1, 1, 1
ALL_STAFF, ALL_ADMINS = 1, 2
"""Groups that everybody on staff, and every admin, belongs to."""
ADMIN, STAFF = 1, 2
"""Roles."""
SHARED_GROUPS = 1_000_000
"""Added to a category's number: the group of all who own it, where several groups do."""

AUDIENCE: Final = "audience"
MAKE_AUDIENCE: Final = f"CREATE TEMP TABLE {AUDIENCE} (number INTEGER NOT NULL) STRICT"
"""One row: the number of the submitter who is asked for; 0 for nobody."""

_FIXED: Final = {
    "state_types": {
        1: "new", 2: "open", 3: "closed", 4: "pending reminder", 5: "pending auto", 6: "removed",
        7: "merged",
    },
    "priorities": {1: "1 very low", 2: "2 low", 3: "3 normal", 4: "4 high", 5: "5 very high"},
    "roles_known": {ADMIN: "admin", STAFF: "staff"},
}  # fmt: skip
"""What no row of the help desk's says: tables of the connection's own, which joins find quickly."""
FIXED_NAMES: Final = frozenset(_FIXED)


def make_fixed(connection: sqlite3.Connection) -> None:
    """Make those tables."""
    for name, rows in _FIXED.items():
        connection.execute(
            f"CREATE TEMP TABLE {name}"
            " (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE) STRICT"
        )
        connection.executemany(f"INSERT INTO temp.{name} VALUES (?, ?)", rows.items())  # noqa: S608


_IN_STAFF = "u.role IN ('admin', 'staff')"
_OWNERS = "(SELECT count(*) FROM main.group_categories AS o WHERE o.category_id = c.id)"
_FIRST = "iif(instr(u.name, ' '), substr(u.name, 1, instr(u.name, ' ') - 1), u.name)"
_LAST = "iif(instr(u.name, ' '), substr(u.name, instr(u.name, ' ') + 1), '')"


def _number(kind: str, of: str, name: str = "n") -> str:
    return f"JOIN main.numbers AS {name} ON {name}.kind = '{kind}' AND {name}.id = {of}"


def _ticket(local: str) -> str:
    created, updated = local.format("f.created"), local.format("f.updated")
    return f"""
        SELECT f.number AS id, CAST(f.number AS TEXT) AS tn, f.subject AS title,
            f.category AS queue_id, f.type AS type_id, f.assignee AS user_id,
            CAST({NOBODY} AS INTEGER) AS responsible_user_id,
            f.priority AS ticket_priority_id, f.status AS ticket_state_id,
            (SELECT u.email FROM main.numbers AS n JOIN main.users AS u ON u.id = n.id
                WHERE n.number = f.submitter) AS customer_user_id,
            CAST(0 AS INTEGER) AS escalation_time,
            {created} AS create_time, {updated} AS change_time
        FROM main.ticket_facts AS f"""  # noqa: S608 - our own words


_TIMES: Final = """
        SELECT s.number AS ticket_id, s.created, s.answered, s.resolved, s.reopened,
            s.assignee_group AS group_id, s.category AS queue_id, s.assignee AS user_id,
            s.priority AS ticket_priority_id, s.status AS ticket_state_id
        FROM main.ticket_times AS s"""
_REOPENINGS: Final = """
        SELECT s.number AS ticket_id, s.resolved, s.reopened FROM main.ticket_reopenings AS s"""

_CATALOGUE: Final = {
    "ticket_state": """
        SELECT number AS id, id AS name,
            CAST(CASE id WHEN 'New' THEN 1 WHEN 'Resolved' THEN 3 WHEN 'Closed' THEN 3 ELSE 2 END
                AS INTEGER) AS type_id,
            CAST(1 AS INTEGER) AS valid_id
        FROM main.numbers WHERE kind = 'status'""",
    "ticket_state_type": "SELECT id, name FROM temp.state_types",
    "ticket_priority": "SELECT id, name, CAST(1 AS INTEGER) AS valid_id FROM temp.priorities",
    "queue": f"""
        SELECT {NO_CATEGORY} AS id, 'No category' AS name, {ALL_STAFF} AS group_id, 1 AS valid_id
        UNION ALL
        SELECT n.number, c.name, CASE {_OWNERS} WHEN 0 THEN {ALL_STAFF} WHEN 1 THEN
                (SELECT g.number FROM main.group_categories AS o
                    {_number("group", "o.group_id", "g")} WHERE o.category_id = c.id)
            ELSE {SHARED_GROUPS} + n.number END, 1
        FROM main.categories AS c {_number("category", "c.id")}""",  # noqa: S608
    "ticket_type": f"""
        SELECT {NO_TYPE} AS id, 'Unclassified' AS name, 1 AS valid_id
        UNION ALL
        SELECT n.number, t.name, 1 FROM main.types AS t {_number("type", "t.id")}""",  # noqa: S608
    "roles": "SELECT id, name, CAST(1 AS INTEGER) AS valid_id FROM temp.roles_known",
    "time_accounting": """
        SELECT NULL AS ticket_id, NULL AS time_unit, NULL AS create_time, NULL AS create_by
        WHERE 0""",
}
"""What anybody may know who is somebody here."""

_GROUPS = f"""
        SELECT {ALL_STAFF} AS id, 'users' AS name, 1 AS valid_id
        UNION ALL SELECT {ALL_ADMINS}, 'admin', 1
        UNION ALL SELECT n.number, g.name, 1 FROM main.groups AS g {_number("group", "g.id")}
        UNION ALL SELECT {SHARED_GROUPS} + n.number, 'owners of ' || c.name, 1
            FROM main.categories AS c {_number("category", "c.id")} WHERE {_OWNERS} > 1"""  # noqa: S608

_PEOPLE: Final = {
    "users": f"""
        SELECT n.number AS id, u.email AS login, {_FIRST} AS first_name, {_LAST} AS last_name,
            CAST(iif(u.disabled, 2, 1) AS INTEGER) AS valid_id
        FROM main.users AS u {_number("user", "u.id")} WHERE {_IN_STAFF}""",  # noqa: S608
    "user_preferences": f"""
        SELECT n.number AS user_id, 'UserEmail' AS preferences_key, u.email AS preferences_value
        FROM main.users AS u {_number("user", "u.id")} WHERE {_IN_STAFF}""",  # noqa: S608
    "groups": _GROUPS,
    "group_user": f"""
        SELECT n.number AS user_id, {ALL_STAFF} AS group_id, 'rw' AS permission_key
            FROM main.users AS u {_number("user", "u.id")} WHERE {_IN_STAFF}
        UNION ALL SELECT n.number, {ALL_ADMINS}, 'rw'
            FROM main.users AS u {_number("user", "u.id")} WHERE u.role = 'admin'
        UNION ALL SELECT n.number, g.number, 'rw' FROM main.group_members AS m
            {_number("user", "m.user_id")} {_number("group", "m.group_id", "g")}
        UNION ALL SELECT DISTINCT n.number, {SHARED_GROUPS} + q.number, 'rw'
            FROM main.categories AS c {_number("category", "c.id", "q")}
            JOIN main.group_categories AS o ON o.category_id = c.id
            JOIN main.group_members AS m ON m.group_id = o.group_id
            {_number("user", "m.user_id")} WHERE {_OWNERS} > 1""",  # noqa: S608
    "role_user": f"""
        SELECT n.number AS user_id, iif(u.role = 'admin', {ADMIN}, {STAFF}) AS role_id
        FROM main.users AS u {_number("user", "u.id")} WHERE {_IN_STAFF}""",  # noqa: S608
    "group_role": f"""
        SELECT {STAFF} AS role_id, {ALL_STAFF} AS group_id, 'rw' AS permission_key,
            1 AS permission_value
        UNION ALL SELECT {ADMIN}, id, 'rw', 1 FROM ({_GROUPS})""",  # noqa: S608
}
"""What staff alone may know."""


_COMPUTED: Final = {
    "queue": ("id", "group_id", "valid_id"),
    "ticket_type": ("id", "valid_id"),
    "groups": ("id", "valid_id"),
    "group_user": ("user_id", "group_id"),
    "role_user": ("user_id", "role_id"),
    "group_role": ("role_id", "group_id", "permission_value"),
}
"""Columns of integers that no table declares to be such."""


def _declared(name: str, query: str) -> str:
    """Declare them, so that an integer is found by its digits too, as in MySQL."""
    if name not in _COMPUTED:
        return query
    integers = _COMPUTED[name]
    columns = (f"CAST({c} AS INTEGER) AS {c}" if c in integers else c for c in TABLES[name])
    return f"SELECT {', '.join(columns)} FROM ({query})"  # noqa: S608


def _all(queries: dict[str, str]) -> dict[str, str]:
    return {name: _declared(name, query) for name, query in queries.items()}


def for_staff(local: str) -> dict[str, str]:
    """Return the query of each view, for everybody who sees every ticket.

    ``local`` makes wall clock time of a time in UTC: an expression with ``{}``.
    """
    tickets = {"ticket": _ticket(local), "ticket_times": _TIMES, "ticket_reopenings": _REOPENINGS}
    return _all({**tickets, **_CATALOGUE, **_PEOPLE})


def for_submitters(local: str) -> dict[str, str]:
    """Return the query of each view, for the one submitter in ``temp.audience``."""
    known = "EXISTS (SELECT 1 FROM temp.audience WHERE number > 0)"
    mine = "f.submitter = (SELECT number FROM temp.audience)"
    catalogue = {
        name: f"SELECT * FROM ({query}) WHERE {known}"  # noqa: S608
        for name, query in _CATALOGUE.items()
    }
    people = {name: f"SELECT * FROM ({query}) WHERE 0" for name, query in _PEOPLE.items()}  # noqa: S608
    of_mine = f"JOIN main.ticket_facts AS f ON f.number = s.number WHERE {mine}"
    tickets = {
        "ticket": f"{_ticket(local)} WHERE {mine}",
        "ticket_times": f"{_TIMES} {of_mine}",
        "ticket_reopenings": f"{_REOPENINGS} {of_mine}",
    }
    return _all({**tickets, **catalogue, **people})


READABLE: Final = {
    "ticket_facts": None,
    "ticket_times": None,
    "ticket_reopenings": frozenset({"number", "resolved", "reopened"}),
    "numbers": None,
    "users": frozenset({"id", "email", "name", "role", "disabled"}),
    "categories": frozenset({"id", "name"}),
    "types": frozenset({"id", "name"}),
    "groups": frozenset({"id", "name"}),
    "group_members": None,
    "group_categories": None,
}
"""What the views read of the help desk's tables: their columns, None for all. Checked whenever a
statement is compiled, so that a view which reads more fails, whoever wrote it."""
