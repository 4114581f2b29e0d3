"""A restore knows every table that a running help desk makes."""

import sqlite3
from pathlib import Path

import trio

from cli.compose import DATABASE_FILE, known_migrations, open_helpdesk
from cli.config import load_config


def test_every_step_that_a_help_desk_applies_is_known_to_a_restore(tmp_path: Path) -> None:
    async def make() -> None:
        async with open_helpdesk(load_config(None, data=tmp_path)):
            pass

    trio.run(make)
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    applied = connection.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall()
    connection.close()
    assert applied
    assert set(applied) <= known_migrations()
