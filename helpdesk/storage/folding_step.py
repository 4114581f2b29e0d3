"""The help desk's fourth step: the search index and people's names, folded (``helpdesk.text``).

A module of its own because a step is never edited once released. ``migrations`` runs it.
"""

STATEMENTS = (
    "INSERT INTO search (search) VALUES ('delete-all')",
    """INSERT INTO search (rowid, subject, description)
        SELECT number << 20, search_text(subject), search_text(description)
        FROM tickets ORDER BY number""",
    """INSERT INTO search (rowid, reply, note)
        SELECT (t.number << 20) + r.piece, iif(r.is_internal, NULL, search_text(r.body)),
            iif(r.is_internal, search_text(r.body), NULL)
        FROM tickets AS t JOIN replies AS r ON r.ticket_id = t.id ORDER BY 1""",
    "ALTER TABLE users ADD COLUMN search_text TEXT NOT NULL DEFAULT ''",
    "UPDATE users SET search_text = search_text(name) || ' ' || email",
)
