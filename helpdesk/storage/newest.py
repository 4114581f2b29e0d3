"""The greatest id that is stored, behind which those of this process go on growing."""

import re
import sqlite3

_TABLES = (
    "SELECT m.name, c.pk FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c"
    " WHERE m.type = 'table' AND c.name = 'id' AND c.type = 'TEXT'"
)
_ULID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")


def newest_id(connection: sqlite3.Connection) -> str | None:
    """Return the greatest ULID in the database, None in an empty one."""
    found = (_newest(connection, table, key) for table, key in connection.execute(_TABLES))
    return max((one for one in found if _ULID.fullmatch(one)), default=None)


def _newest(connection: sqlite3.Connection, table: str, key: int) -> str:
    """Return the greatest id, or the last written where no index has them in order; or nothing."""
    order = "id" if key else "rowid"
    query = f'SELECT id FROM "{table}" ORDER BY {order} DESC LIMIT 1'  # noqa: S608 - of the schema
    row = connection.execute(query).fetchone()
    return "" if row is None else str(row[0])
