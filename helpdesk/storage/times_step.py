"""A later step of the help desk's: when things happened to each ticket, as statistics count it.

``ticket_times`` has a row for each ticket with times in seconds since 1970, so that a span of time
is a difference, whatever clocks were set to in it. Triggers keep it in the transaction of the
change, so that no writer need know of it.

A module of its own because a step is never edited once released. ``migrations`` runs it.
"""

NO_GROUP = 1
"""Stands for no group."""
_SETTLED = "('Resolved', 'Closed')"


def _seconds(value: str) -> str:
    return f"CAST(strftime('%s', {value}) AS INTEGER)"


def _group(value: str) -> str:
    found = f"SELECT number FROM numbers WHERE kind = 'group' AND id = {value}"  # noqa: S608
    return f"ifnull(({found}), {NO_GROUP})"


def _first_answer(ticket: str) -> str:
    """Return when staff first answered, where the requester could read it; not to themselves."""
    return f"""(SELECT min({_seconds("r.created_at")}) FROM replies AS r
        WHERE r.ticket_id = {ticket}.id AND NOT r.is_internal
            AND r.author_role IN ('admin', 'staff') AND r.author_id <> {ticket}.submitter_id)"""  # noqa: S608


def _reopened(ticket: str) -> str:
    return f"""(SELECT count(*) FROM status_history AS h WHERE h.ticket_id = {ticket}.id
        AND h.from_status IN {_SETTLED} AND h.to_status NOT IN {_SETTLED})"""  # noqa: S608


def _settled(ticket: str) -> str:
    """Return since when a ticket is resolved or closed."""
    return _seconds(f"coalesce({ticket}.resolved_at, {ticket}.closed_at)")


_CREATED = "ifnull({}, 0)"
_COLUMNS = "number, created, answered, resolved, reopened, assignee_group"
_OF_REPLY = "(SELECT number FROM tickets WHERE id = {}.ticket_id)"
_AGAIN = f"""UPDATE ticket_times SET answered = (SELECT {_first_answer("t")} FROM tickets AS t
        WHERE t.number = ticket_times.number) WHERE number = """  # noqa: S608

STATEMENTS = (
    """CREATE TABLE ticket_times (
        number INTEGER PRIMARY KEY,
        created INTEGER NOT NULL,
        answered INTEGER,
        resolved INTEGER,
        reopened INTEGER NOT NULL DEFAULT 0,
        assignee_group INTEGER NOT NULL
    ) STRICT""",
    f"""INSERT INTO ticket_times ({_COLUMNS})
        SELECT t.number, {_CREATED.format(_seconds("t.created_at"))}, {_first_answer("t")},
            {_settled("t")}, {_reopened("t")}, {_group("t.assignee_group_id")}
        FROM tickets AS t ORDER BY t.number""",  # noqa: S608
    "CREATE INDEX ticket_times_by_creation ON ticket_times (created)",
    # With the beginning of the span, so that the rows themselves are not read.
    "CREATE INDEX ticket_times_by_answer ON ticket_times (answered, created)",
    "CREATE INDEX ticket_times_by_resolution ON ticket_times (resolved, created)",
    f"""CREATE TRIGGER ticket_times_added AFTER INSERT ON tickets BEGIN
        INSERT INTO ticket_times ({_COLUMNS})
            VALUES (NEW.number, {_CREATED.format(_seconds("NEW.created_at"))}, NULL,
                {_settled("NEW")}, 0, {_group("NEW.assignee_group_id")});
    END""",  # noqa: S608
    f"""CREATE TRIGGER ticket_times_changed
        AFTER UPDATE OF resolved_at, closed_at, assignee_group_id ON tickets BEGIN
        UPDATE ticket_times
            SET resolved = {_settled("NEW")}, assignee_group = {_group("NEW.assignee_group_id")}
            WHERE number = OLD.number;
    END""",  # noqa: S608
    f"""CREATE TRIGGER ticket_times_requester AFTER UPDATE OF submitter_id ON tickets
        WHEN NEW.submitter_id <> OLD.submitter_id BEGIN
        {_AGAIN} OLD.number;
    END""",
    """CREATE TRIGGER ticket_times_removed AFTER DELETE ON tickets BEGIN
        DELETE FROM ticket_times WHERE number = OLD.number;
    END""",
    f"""CREATE TRIGGER ticket_times_answered AFTER INSERT ON replies
        WHEN NOT NEW.is_internal AND NEW.author_role IN ('admin', 'staff') BEGIN
        UPDATE ticket_times
            SET answered = min(ifnull(answered, {_seconds("NEW.created_at")}),
                {_seconds("NEW.created_at")})
            WHERE number = (SELECT number FROM tickets
                WHERE id = NEW.ticket_id AND submitter_id <> NEW.author_id);
    END""",  # noqa: S608
    f"""CREATE TRIGGER ticket_times_reply_moved AFTER UPDATE OF ticket_id, is_internal ON replies
        BEGIN
        {_AGAIN} {_OF_REPLY.format("OLD")};
        {_AGAIN} {_OF_REPLY.format("NEW")};
    END""",
    f"""CREATE TRIGGER ticket_times_reply_gone AFTER DELETE ON replies
        WHEN NOT OLD.is_internal BEGIN
        {_AGAIN} {_OF_REPLY.format("OLD")};
    END""",
    f"""CREATE TRIGGER ticket_times_reopened AFTER INSERT ON status_history
        WHEN NEW.from_status IN {_SETTLED} AND NEW.to_status NOT IN {_SETTLED} BEGIN
        UPDATE ticket_times SET reopened = reopened + 1
            WHERE number = {_OF_REPLY.format("NEW")};
    END""",  # noqa: S608
)
