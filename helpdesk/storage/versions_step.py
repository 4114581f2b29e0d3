"""A later step of the help desk's: a version for what every page reads and few people change.

``versions`` has a row for each topic. Triggers give it a new number with every change of the
topic's tables, in the transaction of the change, so that no writer need know of it. Numbers are
random: one that was rolled back never comes again for other rows. ``kept`` reads them.

A module of its own because a step is never edited once released. ``migrations`` runs it.
"""

_TABLES = {
    "statuses": ("statuses",),
    "catalogue": ("categories", "types", "items"),
    "people": ("users",),
    "groups": ("groups", "group_members", "group_categories"),
}
_CHANGES = ("INSERT", "UPDATE", "DELETE")


def _trigger(topic: str, table: str, change: str) -> str:
    return f"""CREATE TRIGGER version_of_{table}_{change.lower()} AFTER {change} ON {table} BEGIN
        UPDATE versions SET number = random() WHERE topic = '{topic}';
    END"""  # noqa: S608 - our own names


STATEMENTS = (
    """CREATE TABLE versions (
        topic TEXT PRIMARY KEY,
        number INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    *(f"INSERT INTO versions (topic, number) VALUES ('{topic}', random())" for topic in _TABLES),  # noqa: S608
    *(
        _trigger(topic, table, change)
        for topic, tables in _TABLES.items()
        for table in tables
        for change in _CHANGES
    ),
)
