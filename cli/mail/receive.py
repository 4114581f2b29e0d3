"""``ohd mail receive``: takes one message on standard input, as mail servers hand it to a program.

The message is made durable first, in the data directory; then a running server is asked to take it
in, by its hash, or it is taken in here. Exit statuses are those of ``sysexits.h``, which mail
servers know: 0 when it is safe to forget the message, 65 when it can never be taken, and 75 for
everything else, so that the mail server keeps it and tries again.
"""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import click
import trio

from cli.compose import DATABASE_FILE, open_application
from cli.config import Config, load_config
from cli.control.socket import RunningServer
from cli.errors import CannotGoOn, first_of
from cli.plugins.switching import with_data
from helpdesk.errors import LimitReached
from helpdesk.files.store import Content, FileStore
from helpdesk.inbound.decisions import Received
from helpdesk.inbound.intake import MAX_MESSAGE_BYTES
from helpdesk.service import ORIGINALS_FOLDER

TAKEN = 0
CANNOT_TAKE = 65
"""EX_DATAERR."""
LATER = 75
"""EX_TEMPFAIL."""
_PIECE = 256 * 1024
_PATIENCE_S = 60.0
"""How long others that take in mail are waited for, where no server runs."""


@click.group()
def mail() -> None:
    """Take in mail that a mail server hands over."""


@mail.command("receive")
@with_data
def receive(config: Path | None, data: Path | None) -> None:
    """Take one message on standard input; for the pipe of a mail server.

    Works beside a running server and without one. The same message is taken once. Exit status 0:
    taken; 65: it can never be taken; 75: try again later.
    """
    try:
        received = trio.run(_receive, load_config(config, data=data))
    except KeyboardInterrupt:
        sys.exit(LATER)
    except BaseException as exc:
        found = first_of(exc)
        _say(str(found) or type(found).__name__)
        sys.exit(CANNOT_TAKE if isinstance(found, (LimitReached, _Empty)) else LATER)
    words = f"{received.outcome} #{received.number}" if received.number else received.outcome
    click.echo(f"{words}: {received.reason}" if received.reason else words)
    sys.exit(TAKEN)


class _Empty(Exception):
    """There was no message."""


async def _receive(settings: Config) -> Received:
    if not (settings.data / DATABASE_FILE).exists():
        raise CannotGoOn(f"there is no help desk in {settings.data}; check --data")
    kept = await _keep(FileStore(settings.data / ORIGINALS_FOLDER))
    with trio.fail_after(_PATIENCE_S):
        while True:
            server = RunningServer(settings.data)
            if await server.available():
                answer: Received = await server.intake.receive(kept.sha256)
                return answer
            try:
                async with open_application(settings, run_plugins=False) as application:
                    return await application.helpdesk.intake.receive(kept.sha256)
            except CannotGoOn:
                # Another command is at it, or a server is starting.
                await trio.sleep(0.2)


async def _keep(originals: FileStore) -> Content:
    async with originals.receive(MAX_MESSAGE_BYTES) as arrival:
        size = 0
        async for piece in _stdin():
            size += len(piece)
            await arrival.write(piece)
        if not size:
            raise _Empty("standard input is empty; expected one message")
        return await arrival.keep()


async def _stdin() -> AsyncIterator[bytes]:
    while piece := await trio.to_thread.run_sync(os.read, sys.stdin.fileno(), _PIECE):
        yield piece


def _say(text: str) -> None:
    line = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
    click.echo(f"ohd: {line[:500]}", err=True)
