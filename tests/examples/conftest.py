"""A whole help desk with one example installed, and stand-ins for the services that it speaks to.

The example is what its own Makefile built, with its manifest unchanged: the supervisor's routes
lead the hosts that it declares to the stand-ins.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import trio

from helpdesk.actors import Actor
from helpdesk.tickets.model import Priority, Ticket, TicketDraft
from supervisor.egress import EgressPolicy
from supervisor.views import DeliveryView
from tests.children import QUICK
from tests.stand_in import Answer, Request, open_stand_in
from tests.supervisor.conftest import Desk, open_desk

__all__ = ["open_desk"]

Service = Callable[[Request], Answer]


@dataclass
class Example:
    """An installed example, and what people do with tickets."""

    desk: Desk
    plugin_id: str

    @property
    def admin(self) -> Actor:
        return self.desk.admin.actor

    async def create(
        self, subject: str = "New laptop", description: str = "", priority: str = "Medium"
    ) -> Ticket:
        """Create a ticket and wait until the example has seen to it."""
        draft = TicketDraft(subject, description, priority=Priority(priority))
        ticket = await self.desk.helpdesk.tickets.create(self.desk.user.actor, draft)
        return await self.now(ticket)

    async def now(self, ticket: Ticket) -> Ticket:
        """Wait until the example has done everything; return the ticket as it is then."""
        await self.desk.settled(self.plugin_id)
        return await self.desk.helpdesk.tickets.get(self.admin, ticket.id)

    async def reply(self, ticket: Ticket, body: str) -> Ticket:
        await self.desk.helpdesk.tickets.reply(self.admin, ticket.id, body)
        return await self.now(ticket)

    async def resolve(self, ticket: Ticket, notes: str = "") -> Ticket:
        await self.desk.helpdesk.tickets.resolve(self.admin, ticket.id, notes)
        return await self.now(ticket)

    async def reopen(self, ticket: Ticket) -> Ticket:
        await self.desk.helpdesk.tickets.reopen(self.admin, ticket.id)
        return await self.now(ticket)

    async def configure(self, **values: Any) -> None:
        await self.desk.supervisor.controls.set_config(self.plugin_id, values, actor="test")

    async def notes(self, ticket: Ticket) -> list[str]:
        """Return the internal notes; a public reply of the example's fails the test."""
        page = await self.desk.helpdesk.tickets.replies(self.admin, ticket.id)
        said = [reply for reply in page.rows if reply.author.id == f"plugin:{self.plugin_id}"]
        assert all(reply.is_internal for reply in said)
        return [reply.body for reply in said]

    async def log(self) -> list[str]:
        """Return the example's log, each line with its level: ``error: ...``."""
        lines = await self.desk.supervisor.logs.read(self.plugin_id)
        return [f"{line.level}: {line.message}" for line in lines]

    async def deliveries(self) -> list[DeliveryView]:
        """Return all deliveries, oldest first."""
        await self.desk.settled(self.plugin_id)
        return list(await self.desk.supervisor.deliveries.page(self.plugin_id, limit=500))[::-1]


def fields(ticket: Ticket) -> dict[str, str]:
    """Return a ticket's custom fields by key."""
    return {field.key: field.value for field in ticket.custom_fields}


OpenExample = Callable[..., Awaitable[Example]]


@pytest.fixture
def custom_fields() -> Callable[[Ticket], dict[str, str]]:
    return fields


@pytest.fixture
def open_example(open_desk: Callable[..., Awaitable[Desk]], nursery: trio.Nursery) -> OpenExample:
    """Return a function that opens a help desk with the example ``name`` configured and enabled.

    ``services`` are the stand-ins, or their addresses, by the host that the example declares.
    """

    async def start(
        name: str, config: dict[str, Any], services: dict[str, Service | str] | None = None
    ) -> Example:
        routes = {}
        for host, service in (services or {}).items():
            is_served = isinstance(service, str)
            routes[host] = service if is_served else (await open_stand_in(nursery, service)).url
        desk = await open_desk(egress=EgressPolicy(routes=routes, live=False), limits=QUICK)
        plugin = await desk.install(f"examples/{name}", config)
        return Example(desk, plugin.id)

    return start
