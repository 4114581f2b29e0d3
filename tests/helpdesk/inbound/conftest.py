"""A help desk that takes in mail; messages are parsed by the real parser, in this process."""

import json
from dataclasses import dataclass

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.inbound.decisions import Received
from helpdesk.mail import marks, outgoing
from sandbox_child.mail import document
from supervisor.secrets.box import SecretBox


class HereReader:
    """``Reader`` without a process of its own."""

    async def read(self, message, size, attempts, /):
        async with message() as raw:
            data = b"".join([piece async for piece in raw])
        assert len(data) == size
        found, files = document.read(data, headers_only=False)
        async with attempts() as taker:
            await taker.document(json.dumps(found).encode())
            for index, file in enumerate(files):
                await taker.piece(index, file.data)


@dataclass
class Post:
    """Writes to the help desk, as a mail server hands it over."""

    world: object

    async def take(self, raw: bytes) -> Received:
        async def pieces():
            yield raw

        kept = await self.world.helpdesk.intake.keep(pieces())
        return await self.world.helpdesk.intake.receive(kept.sha256)

    async def write(self, sender: str, body: str = "Text.", **headers: str) -> Received:
        return await self.take(message(sender, body, **headers))

    async def letters(self, address: str):
        found = await self.world.helpdesk.database.read(lambda c: outgoing.newest(c, None, 100))
        return [each for each in reversed(found) if each.address == address]

    async def reply_address(self, number: int, user) -> str:
        key = await self.world.helpdesk.database.read(marks.key_of)
        return marks.reply_address(key, "support@example.com", number, user.id)

    async def ticket(self, number: int):
        return await self.world.helpdesk.tickets.get(SYSTEM, str(number))

    async def replies(self, number: int):
        return list((await self.world.helpdesk.tickets.replies(SYSTEM, str(number))).rows)


def message(sender: str, body: str = "Text.", **headers: str) -> bytes:
    lines = {
        "From": sender,
        "To": "support@example.com",
        "Subject": "Printer",
        "Message-ID": f"<{abs(hash((sender, body, *headers.values())))}@example.org>",
        "Date": "Fri, 27 Nov 2026 08:00:00 +0000",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{head}\r\n{body}\r\n".encode()


@pytest.fixture
async def post(world) -> Post:
    world.helpdesk.mail.sealer = SecretBox(b"k" * 32)
    world.helpdesk.intake.reader = HereReader()
    await world.helpdesk.mail.update(
        SYSTEM, {"outgoing": "page", "address": "support@example.com"}, {}
    )
    return Post(world)
