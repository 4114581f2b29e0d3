"""A real help desk with people, groups and tickets, and query processes over its database."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import trio
from argon2 import PasswordHasher

from helpdesk.actors import SYSTEM, Actor
from helpdesk.passwords import Passwords
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import TicketDraft
from helpdesk.users import User
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import ForkServer, open_fork_server
from supervisor.query import Audience, Change, QueryFiles, QueryLimits, QueryProcess

PATIENCE_S = 120.0


@dataclass
class Turned:
    """A clock that a test turns."""

    at: datetime = datetime(2026, 3, 28, 22, 30, 15, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Library:
    """A help desk, and short ways to ask it in SQL."""

    helpdesk: HelpDesk
    clock: Turned
    path: Path
    fork_server: ForkServer
    opened: list[QueryProcess] = field(default_factory=list)
    people: dict[str, User] = field(default_factory=dict)

    def process(
        self, *, own: str = "", zone: str = "UTC", limits: QueryLimits | None = None
    ) -> QueryProcess:
        files = QueryFiles(self.path, self.path.parent / own if own else None)
        made = QueryProcess(self.fork_server, Cage(CageSettings()), files, zone=zone, limits=limits)
        self.opened.append(made)
        return made

    async def person(self, name: str, role: str) -> User:
        made = await self.helpdesk.users.create(
            SYSTEM, email=f"{name.split(maxsplit=1)[0].lower()}@example.com", name=name, role=role
        )
        self.people[name.split(maxsplit=1)[0]] = made
        return made

    async def ticket(self, by: Actor, subject: str, **more: Any) -> Any:
        self.clock.at += timedelta(minutes=7)
        return await self.helpdesk.tickets.create(by, TicketDraft(subject, "text", **more))


async def ask(
    process: QueryProcess,
    sql: str,
    arguments: Sequence[Any] = (),
    *,
    audience: Audience | None = None,
    tables: frozenset[str] | str = "*",
    seconds: float = PATIENCE_S,
) -> Any:
    """Return the rows of a query, read from its JSON."""
    said = await process.query(
        sql,
        arguments,
        audience=audience or Audience.everything(),
        tables=tables,
        deadline=trio.current_time() + seconds,
    )
    return msgspec.json.decode(said)


async def change(
    process: QueryProcess, sql: str, arguments: Sequence[Any] = (), *, seconds: float = PATIENCE_S
) -> int:
    """Run a statement on a plugin's own database; return how many rows it changed."""
    return await process.execute(sql, arguments, deadline=trio.current_time() + seconds)


async def change_all(process: QueryProcess, *changes: Change, seconds: float = PATIENCE_S) -> int:
    """Make several changes, all or none; return how many rows they changed."""
    return await process.change_together(changes, deadline=trio.current_time() + seconds)


async def has_died(pid: int) -> None:
    with trio.fail_after(120):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - not ours
            await trio.sleep(0.005)


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    """Return a help desk; checks in the end that no process is left of any query."""
    before = set(psutil.Process().children())
    clock = Turned()
    hasher = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    path = tmp_path / "helpdesk.db"
    async with (
        HelpDesk.open(path, clock=clock, passwords=hasher) as helpdesk,
        open_fork_server() as fork_server,
    ):
        made = Library(helpdesk, clock, path, fork_server)
        try:
            yield made
        finally:
            for process in made.opened:
                await process.aclose()
    assert set(psutil.Process().children()) <= before
