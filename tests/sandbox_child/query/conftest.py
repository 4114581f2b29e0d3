"""A desk over a help desk's database, in this process: what it answers, not how it is locked."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlite_utils

from helpdesk.storage.connections import connect_writer
from helpdesk.storage.migrations import HELPDESK_MIGRATIONS
from sandbox_child.query.desk import Desk
from sandbox_child.query.errors import Refused
from sandbox_child.wire.queries import TABLES, For, Question
from sandbox_child.wire.spec import CageSpec, QuerySpec

MIB = 1 << 20


@dataclass
class Asked:
    """A desk, and short ways to ask it."""

    desk: Desk
    writer: sqlite3.Connection

    def rows(
        self,
        sql: str,
        arguments: Sequence[Any] = (),
        *,
        seconds: float = 60.0,
        asked_for: For = For.EVERYTHING,
        person: str = "",
        tables: Sequence[str] = tuple(TABLES),
    ) -> Any:
        question = Question(sql, tuple(arguments), seconds, asked_for, person, tuple(tables))
        return msgspec.json.decode(self.desk.query(question))

    def change(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        return self.desk.execute(Question(sql, tuple(arguments), 60.0))

    def refused(self, sql: str, arguments: Sequence[Any] = (), **options: Any) -> Refused:
        with pytest.raises(Refused) as caught:
            self.rows(sql, arguments, **options)
        return caught.value


def spec_of(helpdesk: Path, own: str = "") -> QuerySpec:
    return QuerySpec(
        kind="query",
        cage=CageSpec(1, None, (), 0, 0),
        helpdesk=str(helpdesk),
        own=own,
        zone_file="",
        max_sql_bytes=64 * 1024,
        max_arguments=1000,
        max_rows=10_000,
        max_result_bytes=4 * MIB,
        max_value_bytes=4 * MIB,
        own_bytes=16 * MIB,
        working_bytes=64 * MIB,
    )


def new_helpdesk(path: Path) -> sqlite3.Connection:
    writer = connect_writer(path)
    writer.execute("BEGIN")
    HELPDESK_MIGRATIONS.apply(sqlite_utils.Database(writer, execute_plugins=False))
    writer.execute("COMMIT")
    return writer


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Return a desk over an empty help desk, with a database of its own; its zone is UTC."""
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    writer = new_helpdesk(tmp_path / "helpdesk.db")
    desk = Desk(spec_of(tmp_path / "helpdesk.db", str(tmp_path / "own.db")))
    yield Asked(desk, writer)
    desk.close()
    writer.close()
    monkeypatch.undo()
    time.tzset()
