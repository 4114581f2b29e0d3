"""A help desk that sends to a real mail server on loopback."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from helpdesk.actors import SYSTEM
from supervisor.secrets.box import SecretBox
from tests.mail_servers.servers import SmtpSink, smtp_sink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    with smtp_sink(tmp_path / "sink") as running:
        yield running


@pytest.fixture
async def sending(world, sink: SmtpSink):
    """A help desk that is set up to send; ``sender`` is not running yet."""
    world.helpdesk.mail.sealer = SecretBox(b"k" * 32)
    await world.helpdesk.mail.update(
        SYSTEM,
        {
            "outgoing": "smtp",
            "address": "support@example.com",
            "smtp_host": "127.0.0.1",
            "smtp_port": sink.port,
            "smtp_security": "none",
            "smtp_auth": "none",
        },
        {},
    )
    return world


@asynccontextmanager
async def running(world) -> AsyncIterator[None]:
    """Run the sender for the block."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.helpdesk.sender.run)
        yield
        nursery.cancel_scope.cancel()


async def until(condition, seconds: float = 120) -> None:
    """Wait until a condition holds."""
    with trio.fail_after(seconds):
        while not await condition():  # noqa: ASYNC110 - of another process
            await trio.sleep(0.02)


@pytest.fixture
def run_sender():
    return running


@pytest.fixture
def wait_until():
    return until
