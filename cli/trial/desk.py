"""A disposable help desk: for trying a plugin with tickets, in its real cage.

It has the sample tickets of ``ohd serve --demo``, or a copy of a data directory's database.
"""

import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import trio

from cli.compose import Application, open_application
from cli.config import load_config
from cli.errors import CannotGoOn
from helpdesk import demo

_DATABASE = "ohd.sqlite3"


@asynccontextmanager
async def open_trial_desk(data: Path | None) -> AsyncIterator[Application]:
    """Open the help desk with its plugins running; nothing of it stays.

    ``data``: the data directory whose database is copied; it may be in use, and is not changed.
    """
    with tempfile.TemporaryDirectory(prefix="ohd-trial-") as folder:
        if data is not None:
            await trio.to_thread.run_sync(_copy, data / _DATABASE, Path(folder) / _DATABASE)
        config = load_config(None, data=Path(folder))
        async with open_application(config, run_plugins=data is None) as application:
            if data is None:
                await demo.fill(application.helpdesk)
            yield application


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise CannotGoOn(f"{source.parent}: there is no help desk; name its data directory")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        # Plugins that are installed there are not run here.
        copy.execute("UPDATE plugins SET enabled = 0")
        copy.commit()
