"""A disposable help desk: for trying a plugin with tickets, in its real cage.

It has the sample tickets of ``ohd serve --demo``, others, or a copy of a data directory's database.
"""

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import trio

from cli.compose import Application, open_application
from cli.config import Config, load_config
from cli.errors import CannotGoOn
from cli.trial.code_cache import KeptModules
from helpdesk import demo
from helpdesk.demo_data import TICKETS, DemoTicket
from supervisor.assembly import StandIns
from supervisor.calls.host_calls import Egress

_DATABASE = "ohd.sqlite3"


@asynccontextmanager
async def open_trial_desk(
    data: Path | None = None,
    *,
    config: Path | None = None,
    tickets: Sequence[DemoTicket] = TICKETS,
    egress: Egress | None = None,
) -> AsyncIterator[Application]:
    """Open the help desk with its plugins running; nothing of it stays.

    ``data``: the data directory whose database is copied; it may be in use, and is not changed.
    ``tickets``: what a new one has. ``egress``: answers requests in the place of the network.
    Guest code knows the lines of its source, and is kept for the next time.
    """
    with tempfile.TemporaryDirectory(prefix="ohd-trial-") as folder:
        if data is not None:
            await trio.to_thread.run_sync(_copy, data / _DATABASE, Path(folder) / _DATABASE)
        settings = _for_authors(load_config(config, data=Path(folder)))
        stand_ins = StandIns(egress, KeptModules())
        async with open_application(settings, run_plugins=True, stand_ins=stand_ins) as application:
            if data is None:
                await demo.fill(application.helpdesk, tickets)
            yield application


def _for_authors(settings: Config) -> Config:
    """Return settings for an author's machine: a native plugin needs none, in the same cage."""
    own = replace(settings.supervisor, source_lines=True, native=True)
    return replace(settings, supervisor=own)


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
