"""A whole help desk with its supervisor, in a directory of its own, for the rows that need both.

It counts what has been recorded by looking at the delivery log after each commit, so that a row
waits for what is durable and not for what has merely happened.
"""

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from benchmarks.guests import renamed
from cli.compose import Application, open_application
from cli.config import Config
from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.tickets.model import TicketDraft
from supervisor.config import SupervisorConfig
from supervisor.states import PluginState
from tests.guests.build import build_guest
from webapp.config import WebConfig

WRITERS = 64
"""Tasks that change tickets at once; their changes share commits."""
_DRAFT = TicketDraft("New laptop request", "I need a replacement for the one that was stolen.")


class BenchHouse:
    """Open it with :func:`open_bench_house`."""

    def __init__(self, house: Application, person: Actor) -> None:
        self._person = person
        self.helpdesk, self.supervisor = house.helpdesk, house.supervisor
        self._recorded = 0
        self._moved = trio.Event()
        self.helpdesk.database.observe_commits(self._observe)

    async def install(self, guest: str, number: int = 0) -> str:
        """Install a guest and return its id, which ``number`` makes one of its own."""
        module = (await trio.to_thread.run_sync(build_guest, guest)).read_bytes()
        view = await self.supervisor.installs.install(
            renamed(module, number), source="benchmark", actor="benchmark"
        )
        return view.id

    async def enable(self, plugin_id: str, wanted: bool) -> None:
        """Enable or disable a plugin."""
        await self.supervisor.controls.set_enabled(plugin_id, wanted, actor="benchmark")

    async def wait_ready(self, plugin_id: str) -> None:
        """Return once the plugin's process has said READY, to a quarter of a millisecond."""
        while (await self.supervisor.overview.plugin(plugin_id)).state is not PluginState.RUNNING:  # noqa: ASYNC110
            await trio.sleep(0.00025)

    async def create_ticket(self) -> None:
        """Make one ticket, which is one event."""
        await self.helpdesk.tickets.create(self._person, _DRAFT)

    async def create_tickets(self, count: int) -> None:
        """Make tickets from several tasks at once; returns when all are durable."""
        left = iter(range(count))

        async def writer() -> None:
            for _ in left:
                await self.create_ticket()

        async with trio.open_nursery() as nursery:
            for _ in range(WRITERS):
                nursery.start_soon(writer)

    async def churn(self, count: int, plugins: int = 1) -> float:
        """Make tickets, have each delivered to every plugin and recorded; return the seconds."""
        before, started = self._recorded, time.perf_counter()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.create_tickets, count)
            await self.wait_recorded(before + count * plugins)
        return time.perf_counter() - started

    def recorded(self) -> int:
        """Return how many deliveries are durably on record."""
        return self._recorded

    async def wait_recorded(self, count: int) -> None:
        """Return once that many deliveries are on record."""
        while self._recorded < count:
            await self._moved.wait()

    def _observe(self, connection: sqlite3.Connection) -> Callable[[], None]:
        (newest,) = connection.execute("SELECT max(id) FROM deliveries").fetchone()
        return lambda: self._note(newest or 0)

    def _note(self, newest: int) -> None:
        if newest > self._recorded:
            self._recorded = newest
            self._moved.set()
            self._moved = trio.Event()


@asynccontextmanager
async def open_bench_house(folder: Path) -> AsyncIterator[BenchHouse]:
    """Run a help desk over ``folder``, which is made."""
    config = Config(folder, WebConfig(), SupervisorConfig(data_directory=folder))
    async with open_application(config, run_plugins=True) as house:
        user = await house.helpdesk.users.create(
            SYSTEM, email="benchmark@example.com", name="Benchmark", role=Role.STAFF
        )
        yield BenchHouse(house, user.actor)
