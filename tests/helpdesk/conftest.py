"""A real help desk on a SQLite file of its own, a clock that can be turned, and some people."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.passwords import Passwords
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import Ticket, TicketDraft
from helpdesk.users import User


@dataclass
class TurnableClock:
    at: datetime = datetime(2026, 4, 5, 14, 0, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class World:
    """A help desk with people: ``staff`` is in the group that owns Hardware, ``outsider`` not."""

    helpdesk: HelpDesk
    clock: TurnableClock
    admin: User
    staff: User
    outsider: User
    user: User
    stranger: User
    hardware: str
    software: str
    group: str
    plugin: Actor = field(
        default_factory=lambda: Actor.plugin("com.example.robot", "Robot", cause_depth=0)
    )

    async def ticket(self, **draft: str) -> Ticket:
        words = {"subject": "New laptop request", "description": "The old one was stolen."}
        return await self.helpdesk.tickets.create(self.user.actor, TicketDraft(**words | draft))

    async def events(self, after: int = 0) -> list[tuple[str, dict]]:
        """Return type and decoded payload of every event behind a position."""
        found = await self.helpdesk.outbox.read_after(after, 1_000)
        return [(event.type, msgspec.json.decode(event.body)) for event in found]

    async def last_payload(self) -> dict:
        return (await self.events())[-1][1]


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def quick_passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def helpdesk(
    tmp_path: Path, clock: TurnableClock, quick_passwords: Passwords
) -> AsyncIterator[HelpDesk]:
    path = tmp_path / "helpdesk.db"
    async with HelpDesk.open(path, clock=clock, passwords=quick_passwords) as opened:
        yield opened


@pytest.fixture
async def world(helpdesk: HelpDesk, clock: TurnableClock) -> World:
    async def person(name: str, role: Role) -> User:
        email = f"{name}@example.com"
        return await helpdesk.users.create(SYSTEM, email=email, name=name.title(), role=role)

    staff = await person("staff", Role.STAFF)
    hardware = (await helpdesk.catalogue.add_category(SYSTEM, "Hardware")).id
    software = (await helpdesk.catalogue.add_category(SYSTEM, "Software")).id
    laptop = await helpdesk.catalogue.add_type(SYSTEM, hardware, "Laptop")
    await helpdesk.catalogue.add_item(SYSTEM, laptop.id, "Battery")
    await helpdesk.statuses.add(SYSTEM, "In Progress")
    group = await helpdesk.groups.create(
        SYSTEM, name="Hardware Team", member_ids=[staff.id], category_ids=[hardware]
    )
    return World(
        helpdesk,
        clock,
        await person("admin", Role.ADMIN),
        staff,
        await person("outsider", Role.STAFF),
        await person("user", Role.USER),
        await person("stranger", Role.USER),
        hardware,
        software,
        group.id,
    )
