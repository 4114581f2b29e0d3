"""Files and secrets that plugins keep: by plugin and key, bounded, gone with the plugin.

They lie in the help desk's database, so that a backup has them. A secret is sealed for its plugin
and key. Each method returns once what it wrote is durable.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence

from supervisor.errors import OutOfRoom
from supervisor.ports import Database
from supervisor.secrets.box import SecretBox
from supervisor.store.sealed import own_field
from supervisor.store.sql import row, rows, scalar
from supervisor.text import timestamp
from supervisor.views import StoredFile

MOST_SECRETS = 100
"""Of one plugin."""


class PluginDataStore:
    """See the module."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def secret(self, plugin_id: str, key: str) -> str | None:
        """Return a secret, None where there is none; raises KeyUnusable."""
        query = "SELECT sealed FROM plugin_secrets WHERE plugin_id = ? AND key = ?"
        found = await self._database.read(lambda db: row(db, query, (plugin_id, key)))
        if found is None:
            return None
        return self._box.open(found["sealed"], plugin_id, own_field(key))

    async def set_secret(self, plugin_id: str, key: str, value: str) -> None:
        """Keep a secret; raises OutOfRoom."""
        sealed = self._box.seal(value, plugin_id, own_field(key))

        def job(db: sqlite3.Connection) -> None:
            query = "SELECT count(*) FROM plugin_secrets WHERE plugin_id = ? AND key <> ?"
            if scalar(db, query, (plugin_id, key)) >= MOST_SECRETS:
                raise OutOfRoom(f"it keeps {MOST_SECRETS} secrets, the most that a plugin may")
            db.execute(
                "INSERT INTO plugin_secrets (plugin_id, key, sealed) VALUES (?, ?, ?)"
                " ON CONFLICT (plugin_id, key) DO UPDATE SET sealed = excluded.sealed",
                (plugin_id, key, sealed),
            )

        await self._database.write(job)

    async def store(
        self,
        plugin_id: str,
        key: str,
        content: bytes,
        metadata: Mapping[str, str],
        *,
        most_bytes: int,
        most_files: int,
    ) -> None:
        """Keep a file in the place of one of the same key; raises OutOfRoom."""
        now = int(time.time() * 1000)

        def job(db: sqlite3.Connection) -> None:
            query = (
                "SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM plugin_files"
                " WHERE plugin_id = ? AND key <> ?"
            )
            there = row(db, query, (plugin_id, key))
            if there is not None and there["files"] >= most_files:
                raise OutOfRoom(f"it keeps {most_files:,} files, the most that it may")
            if there is not None and there["bytes"] + len(content) > most_bytes:
                raise OutOfRoom(f"its files would have more than {most_bytes:,} bytes together")
            db.execute(
                "INSERT INTO plugin_files (plugin_id, key, size, content, metadata, modified_at)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (plugin_id, key) DO UPDATE SET"
                " size = excluded.size, content = excluded.content, metadata = excluded.metadata,"
                " modified_at = excluded.modified_at",
                (plugin_id, key, len(content), content, json.dumps(dict(metadata)), now),
            )

        await self._database.write(job)

    async def file(self, plugin_id: str, key: str) -> tuple[bytes, Mapping[str, str]] | None:
        """Return a file's content and metadata, None where there is none."""
        query = "SELECT content, metadata FROM plugin_files WHERE plugin_id = ? AND key = ?"
        found = await self._database.read(lambda db: row(db, query, (plugin_id, key)))
        return None if found is None else (found["content"], json.loads(found["metadata"]))

    async def delete(self, plugin_id: str, key: str) -> bool:
        """Delete a file; return whether there was one."""
        query = "DELETE FROM plugin_files WHERE plugin_id = ? AND key = ?"
        return (
            await self._database.write(lambda db: db.execute(query, (plugin_id, key)).rowcount) > 0
        )

    async def files(self, plugin_id: str, prefix: str) -> Sequence[StoredFile]:
        """Return the files whose keys begin so, by key."""
        query = (
            "SELECT key, size, metadata, modified_at FROM plugin_files"
            " WHERE plugin_id = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY key"
        )
        found = await self._database.read(lambda db: rows(db, query, (plugin_id, prefix)))
        return [
            StoredFile(
                each["key"],
                each["size"],
                json.loads(each["metadata"]),
                timestamp(each["modified_at"]),
            )
            for each in found
        ]
