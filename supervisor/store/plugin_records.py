"""Records that plugins keep: JSON by plugin, collection and key, with a tag and a number.

They lie in the help desk's database, so that they are written in the transaction of a ticket's
change, or not at all. ``writing`` is for somebody's transaction; nothing of a record is deleted but
by its plugin, or with it.
"""

import sqlite3
from collections.abc import Sequence

from supervisor.errors import OutOfRoom, RecordMoved
from supervisor.ports import Also, Database
from supervisor.store.sql import row, rows
from supervisor.views import RecordCount, RecordWrite, StoredRecord

MOST_RECORDS = 500_000
MOST_RECORD_BYTES = 256 * 1024 * 1024
"""Of all records of one plugin."""
MOST_TAGS = 1_000
"""That one count tells apart."""
_LAST = "\U0010ffff"
"""Behind every character that a key begins with."""
_COLUMNS = "key, revision, tag, at, value"


class PluginRecordStore:
    """See the module."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, plugin_id: str, collection: str, key: str) -> StoredRecord | None:
        """Return a record, None where there is none."""
        query = (
            f"SELECT {_COLUMNS} FROM plugin_records"  # noqa: S608 - our own words
            " WHERE plugin_id = ? AND collection = ? AND key = ?"
        )
        found = await self._database.read(lambda db: row(db, query, (plugin_id, collection, key)))
        return None if found is None else _record(found)

    async def by_key(
        self, plugin_id: str, collection: str, *, prefix: str, after: str, limit: int
    ) -> Sequence[StoredRecord]:
        """Return records whose keys begin so, behind one key, by key."""
        query = (
            f"SELECT {_COLUMNS} FROM plugin_records"  # noqa: S608 - our own words
            " WHERE plugin_id = ?1 AND collection = ?2 AND key > ?4 AND key >= ?3"
            # An end too, or all keys behind the last one that fits would be read.
            " AND key < ?6 AND substr(key, 1, length(?3)) = ?3 ORDER BY key LIMIT ?5"
        )
        given = (plugin_id, collection, prefix, after, limit, prefix + _LAST)
        found = await self._database.read(lambda db: rows(db, query, given))
        return [_record(each) for each in found]

    async def by_tag(
        self, plugin_id: str, collection: str, *, tag: str, until: int, limit: int
    ) -> Sequence[StoredRecord]:
        """Return records with this tag whose number is at most ``until``, by number."""
        query = (
            f"SELECT {_COLUMNS} FROM plugin_records"  # noqa: S608 - our own words
            " WHERE plugin_id = ? AND collection = ? AND tag = ? AND at <= ?"
            " ORDER BY at LIMIT ?"
        )
        given = (plugin_id, collection, tag, until, limit)
        found = await self._database.read(lambda db: rows(db, query, given))
        return [_record(each) for each in found]

    async def counts(self, plugin_id: str, collection: str) -> Sequence[RecordCount]:
        """Return how many records have each tag, with the least and the sum of their numbers."""
        query = (
            # Kept with each write: of 100,000 records one row is read for each tag.
            "SELECT tag, records AS count, total, (SELECT min(at) FROM plugin_records AS r"
            " WHERE r.plugin_id = t.plugin_id AND r.collection = t.collection AND r.tag = t.tag"
            ") AS least FROM plugin_record_tags AS t"
            " WHERE plugin_id = ? AND collection = ? ORDER BY tag LIMIT ?"
        )
        given = (plugin_id, collection, MOST_TAGS)
        found = await self._database.read(lambda db: rows(db, query, given))
        return [
            RecordCount(each["tag"], each["count"], each["least"], each["total"]) for each in found
        ]

    async def change(self, plugin_id: str, writes: Sequence[RecordWrite]) -> None:
        """Write records: all or none; raises RecordMoved, OutOfRoom."""
        await self._database.write(self.writing(plugin_id, writes))

    def writing(self, plugin_id: str, writes: Sequence[RecordWrite]) -> Also:
        """Return what writes records in somebody's transaction; it raises what ``change`` does."""
        return lambda db: _write(db, plugin_id, writes)


def _write(db: sqlite3.Connection, plugin_id: str, writes: Sequence[RecordWrite]) -> None:
    """Write records in the caller's transaction; raises RecordMoved, OutOfRoom."""
    records, size = 0, 0
    for each in writes:
        where = (plugin_id, each.collection, each.key)
        query = (
            "SELECT revision, tag, at, length(CAST(value AS BLOB)) AS size FROM plugin_records"
            " WHERE plugin_id = ? AND collection = ? AND key = ?"
        )
        there = row(db, query, where)
        revision = 0 if there is None else there["revision"]
        if each.expect is not None and each.expect != revision:
            raise RecordMoved(each.collection, each.key, each.expect, revision)
        if there is not None:
            records, size = records - 1, size - there["size"]
            _count(db, (plugin_id, each.collection, there["tag"]), -1, -there["at"])
        if each.value is None:
            query = "DELETE FROM plugin_records WHERE plugin_id = ? AND collection = ? AND key = ?"
            db.execute(query, where)
            continue
        records, size = records + 1, size + len(each.value.encode())
        _count(db, (plugin_id, each.collection, each.tag), 1, each.at)
        db.execute(
            "INSERT INTO plugin_records (plugin_id, collection, key, revision, tag, at, value)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (plugin_id, collection, key) DO UPDATE SET"
            " revision = excluded.revision, tag = excluded.tag, at = excluded.at,"
            " value = excluded.value",
            (*where, revision + 1, each.tag, each.at, each.value),
        )
    _take_room(db, plugin_id, records, size)


def _count(db: sqlite3.Connection, where: tuple[str, str, str], records: int, total: int) -> None:
    db.execute(
        "INSERT INTO plugin_record_tags (plugin_id, collection, tag, records, total)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (plugin_id, collection, tag) DO UPDATE SET"
        " records = records + excluded.records, total = total + excluded.total",
        (*where, records, total),
    )
    db.execute(
        "DELETE FROM plugin_record_tags"
        " WHERE plugin_id = ? AND collection = ? AND tag = ? AND records = 0",
        where,
    )


def _take_room(db: sqlite3.Connection, plugin_id: str, records: int, size: int) -> None:
    db.execute(
        "INSERT INTO plugin_record_room (plugin_id, records, bytes) VALUES (?, ?, ?)"
        " ON CONFLICT (plugin_id) DO UPDATE SET"
        " records = records + excluded.records, bytes = bytes + excluded.bytes",
        (plugin_id, records, size),
    )
    query = "SELECT records, bytes FROM plugin_record_room WHERE plugin_id = ?"
    taken = row(db, query, (plugin_id,))
    if taken is not None and records > 0 and taken["records"] > MOST_RECORDS:
        raise OutOfRoom(f"it keeps {MOST_RECORDS:,} records, the most that it may")
    if taken is not None and size > 0 and taken["bytes"] > MOST_RECORD_BYTES:
        raise OutOfRoom(f"its records would have more than {MOST_RECORD_BYTES:,} bytes together")


def _record(found: sqlite3.Row) -> StoredRecord:
    return StoredRecord(found["key"], found["revision"], found["tag"], found["at"], found["value"])
