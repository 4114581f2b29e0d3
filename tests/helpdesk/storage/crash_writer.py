"""A child program for ``test_crash``: changes tickets as fast as it can until it is killed.

Prints one line for each change behind its acknowledgement: the ticket's id and the event's type.
"""

import os
import sys
from pathlib import Path

import trio

from helpdesk.actors import SYSTEM, Actor
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import TicketDraft

WRITERS = 8


def acknowledge(ticket_id: str, event: str) -> None:
    os.write(1, f"{ticket_id} {event}\n".encode())


async def write_for_ever(helpdesk: HelpDesk, user: Actor) -> None:
    tickets = helpdesk.tickets
    while True:
        ticket = await tickets.create(user, TicketDraft("Crash me", "at any time"))
        acknowledge(ticket.id, "ticket.created")
        await tickets.reply(user, ticket.id, "a reply")
        acknowledge(ticket.id, "ticket.reply_added")
        await tickets.resolve(SYSTEM, ticket.id, "done")
        acknowledge(ticket.id, "ticket.status_changed")
        acknowledge(ticket.id, "ticket.resolved")


async def main(path: Path) -> None:
    async with HelpDesk.open(path) as helpdesk, trio.open_nursery() as nursery:
        user = await helpdesk.users.find_by_email(SYSTEM, "user@example.com")
        if user is None:
            user = await helpdesk.users.create(SYSTEM, email="user@example.com", name="User")
        for _ in range(WRITERS):
            nursery.start_soon(write_for_ever, helpdesk, user.actor)


trio.run(main, Path(sys.argv[1]))
