"""A help desk that is served by a process of its own, for the rows about pages under load.

It is made by the help desk's own code, filled by SQL, and served by ``ohd serve`` as a person would
start it. The rows ask it over HTTP with the cookie of somebody who is logged in.
"""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import trio

from benchmarks import data_set
from benchmarks.guests import numbered
from cli.compose import DATABASE_FILE, open_application
from cli.config import load_config
from helpdesk.actors import SYSTEM
from helpdesk.tickets.model import TicketFilter

_PATIENCE_S = 60.0
_POLL_S = 0.02


class NotServed(Exception):
    """``ohd serve`` did not start, or a page was not what it should be."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A help desk on disk."""

    folder: Path
    cookie: str
    key: str
    ticket: str
    """Path of a ticket page with replies."""
    cookies: Sequence[str] = ()
    """Of people on the staff, one each."""

    @property
    def database(self) -> Path:
        """Return the database's path."""
        return self.folder / "data" / DATABASE_FILE


async def make_desk(
    folder: Path,
    guests: Mapping[str, int],
    *,
    tickets: int,
    settings: str = "",
    modules: Sequence[bytes] = (),
) -> Desk:
    """Make a help desk with this many tickets, and of each guest this many plugins, enabled.

    ``settings`` is added to its ``config.toml``; ``modules`` are plugins of their own.
    """
    await trio.Path(folder).mkdir()
    await trio.Path(folder / "config.toml").write_text('[log]\nlevel = "error"\n' + settings)
    config = load_config(folder / "config.toml", data=folder / "data")
    await trio.Path(config.data).mkdir()
    people = await data_set.fill(config.data / DATABASE_FILE, tickets=tickets, replies=3 * tickets)
    async with open_application(config, run_plugins=False) as house:
        admin, desk = people.admin, house.helpdesk
        every = [one for guest, number in guests.items() for one in await numbered(guest, number)]
        for module in (*every, *modules):
            view = await house.supervisor.installs.install(
                module, source="benchmark", actor="benchmark"
            )
            await house.supervisor.controls.set_enabled(view.id, True, actor="benchmark")
        # Plugins may fail here on purpose, and must not be switched off for it.
        await desk.settings.update(admin.actor, plugin_error_threshold=100)
        session = await desk.sessions.start(admin.id)
        key = await desk.api_keys.create(SYSTEM, admin.id, name="benchmark")
        newest = (await desk.tickets.list(admin.actor, TicketFilter(), page=1, per_page=1)).rows[0]
        others = [await desk.sessions.start(person.id) for person in people.staff]
    cookie, *cookies = (f"{config.web.session_cookie}={one.token}" for one in (session, *others))
    return Desk(folder, cookie, key.secret, f"/tickets/{newest.id}", cookies)


class Server:
    """A running ``ohd serve``. Open it with :func:`open_server`."""

    def __init__(self, desk: Desk, process: subprocess.Popen[bytes], address: str) -> None:
        self.desk, self.process, self.address = desk, process, address
        self._pages = self.connection()

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection of its own."""
        where = urlsplit(self.address)
        return http.client.HTTPConnection(where.hostname or "", where.port, timeout=_PATIENCE_S)

    def page(self, path: str) -> bytes:
        """Fetch a page over a connection that is kept. Blocking."""
        self._pages.request("GET", path, headers={"Cookie": self.desk.cookie})
        return self._body(200)

    def create_ticket(self, subject: str, description: str = "A description") -> None:
        """Make a ticket. Blocking."""
        headers = {
            "Authorization": f"Bearer {self.desk.key}",
            "Content-Type": "application/json",
        }
        draft = {"subject": subject, "description": description}
        self._pages.request("POST", "/api/tickets", json.dumps(draft), headers)
        self._body(201)

    def children(self) -> list[psutil.Process]:
        """Return the plugins' processes that run now."""
        everybody = psutil.Process(self.process.pid).children(recursive=True)
        return [process for process in everybody if process.name() == "ohd-plugin"]

    def ask(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Ask the database, read-only, beside the server. Blocking."""
        where = f"{self.desk.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=_PATIENCE_S)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """End it."""
        self._pages.close()
        self.process.terminate()
        self.process.wait(_PATIENCE_S)

    def _body(self, wanted: int) -> bytes:
        response = self._pages.getresponse()
        body = response.read()
        if response.status != wanted:
            raise NotServed(f"status {response.status} where {wanted} was expected")
        return body


async def wait_until(ask: Callable[[], bool]) -> None:
    """Ask in a thread, again and again, until the answer is yes; raises NotServed in the end."""
    await trio.to_thread.run_sync(_until, ask)


def _until(ask: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not ask():
        if time.monotonic() > end:
            raise NotServed(f"nothing came of it within {_PATIENCE_S:g} s")
        time.sleep(_POLL_S)


@asynccontextmanager
async def open_server(desk: Desk, *, plugins: int) -> AsyncIterator[Server]:
    """Serve a help desk for the length of the block, from when so many plugins run."""
    server = await trio.to_thread.run_sync(_start, desk)
    try:
        await wait_until(lambda: len(server.children()) >= plugins)
        yield server
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(server.close)


def _start(desk: Desk) -> Server:
    command: Sequence[str] = [
        *(sys.executable, "-m", "cli.main", "serve", "--port", "0"),
        *("--config", str(desk.folder / "config.toml"), "--data", str(desk.folder / "data")),
    ]
    root = Path(__file__).resolve().parents[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OHD_")}
    process = subprocess.Popen(
        command, cwd=root, env=kept, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        said += line
        _, found, address = line.partition(b" is at ")
        if found:
            return Server(desk, process, address.decode().strip())
    raise NotServed(f"it ended: {said.decode(errors='replace')}")
