"""A backup has the files of tickets, and a restore brings them back."""

from pathlib import Path

import trio
from click.testing import CliRunner

from cli.compose import open_helpdesk
from cli.config import load_config
from cli.main import main
from helpdesk.actors import SYSTEM
from helpdesk.tickets.model import TicketDraft

CONTENT = b"what was sent" * 1_000


async def _fill(data: Path) -> str:
    async with open_helpdesk(load_config(None, data=data)) as desk:
        person = await desk.users.create(SYSTEM, email="a@example.com", name="A")
        await desk.tickets.create(person.actor, TicketDraft("s", "d"))
        async with desk.files.receive() as arrival:
            await arrival.write(CONTENT)
            content = await arrival.keep()
            return (await desk.files.add(SYSTEM, "1", "a.txt", content, internal=False)).id


async def _read(data: Path, file_id: str) -> bytes:
    async with open_helpdesk(load_config(None, data=data)) as desk:
        file = await desk.files.get(SYSTEM, file_id)
        async with desk.files.read(file) as content:
            return b"".join([piece async for piece in content])


def test_files_are_in_a_backup_and_come_back(tmp_path: Path) -> None:
    data, fresh, kept = tmp_path / "data", tmp_path / "fresh", tmp_path / "kept.tar"
    file_id = trio.run(_fill, data)
    for arguments in (
        ["backup", str(kept), "--data", str(data)],
        ["restore", str(kept), "--data", str(fresh)],
    ):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    assert trio.run(_read, fresh, file_id) == CONTENT
