"""The help desk's third step: indexes from which lists are read without touching the tickets.

A ticket's row carries its description, so reading rows to filter them is slow. Two indexes hold all
that lists filter and sort by: one of every ticket, one of the open ones, in the order in which
lists are looked at most. A list that one index of its own serves better has it still.
"""

_LISTED = (
    "updated_at, id, number, status, priority, category_id, type_id, item_id, submitter_id,"
    " assignee_user_id, assignee_group_id, subject"
)

STATEMENTS = (
    "DROP INDEX tickets_by_update",
    f"CREATE INDEX tickets_by_update ON tickets ({_LISTED})",
    f"""CREATE INDEX tickets_open ON tickets ({_LISTED})
        WHERE status NOT IN ('Resolved', 'Closed')""",
    "CREATE INDEX tickets_by_subject ON tickets (subject COLLATE NOCASE, id)",
)
