"""The help desk's eighth step: the order of changes is what was committed, not the time of day.

Clocks step back. Each change of any ticket has a number that is greater than every one before it;
lists sort by the number of a ticket's last change, and times are shown only.
"""

NUMBER_CHANGES = tuple(
    f"""UPDATE tickets SET {revision} = place.number FROM (
        SELECT id, row_number() OVER (ORDER BY {changed}, id) AS number FROM tickets
    ) AS place WHERE place.id = tickets.id"""  # noqa: S608 - our own names
    for revision, changed in (
        ("revision", "updated_at"),
        ("public_revision", "public_updated_at"),
    )
)
"""Numbers the last change of each ticket by its time."""

_LISTED = (
    "revision, id, number, status, priority, category_id, type_id, item_id, submitter_id,"
    " assignee_user_id, assignee_group_id, subject"
)
_INDEXES = {
    "tickets_by_update": _LISTED,
    "tickets_by_status": "status, revision, id",
    "tickets_by_priority": "priority, revision, id",
    "tickets_by_submitter": "submitter_id, revision, id",
    "tickets_by_submitter_public": "submitter_id, public_revision, id, number",
    "tickets_by_assignee": "assignee_user_id, revision, id",
    "tickets_by_group": "assignee_group_id, revision, id",
    "tickets_by_category": "category_id, revision, id",
}

STATEMENTS = (
    "ALTER TABLE tickets ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
    # The last change that the submitter may know of: internal notes leave it alone.
    "ALTER TABLE tickets ADD COLUMN public_revision INTEGER NOT NULL DEFAULT 0",
    *(f"DROP INDEX {name}" for name in (*_INDEXES, "tickets_open")),
    *NUMBER_CHANGES,
    *(f"CREATE INDEX {name} ON tickets ({columns})" for name, columns in _INDEXES.items()),
    f"""CREATE INDEX tickets_open ON tickets ({_LISTED})
        WHERE status NOT IN ('Resolved', 'Closed')""",
)
