"""``ohd mail receive``, as the pipe of a mail server calls it."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.server_process import OHD, ServerProcess, _environment, ohd

MAIL = (
    b"From: Ada <ada@example.org>\r\nTo: support@example.com\r\nSubject: Printer\r\n"
    b"Message-ID: <%d@example.org>\r\n\r\nIt burns.\r\n"
)


def receive(folder: Path, raw: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [*OHD, "mail", "receive", "--data", str(folder / "data"), *options]
    return subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        input=raw,
        capture_output=True,
        check=False,
        timeout=120,
    )


def tickets(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "data" / "ohd.sqlite3") as database:
        return [subject for (subject,) in database.execute("SELECT subject FROM tickets")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = ohd(
        *("user", "create", "admin@example.com", "--name", "Admin", "--role", "admin"),
        *("--data", "data"),
        cwd=tmp_path,
        stdin="a long password\n",
    )
    assert made.returncode == 0, made.stderr
    return tmp_path


@pytest.mark.slow
def test_a_message_is_taken_once_without_a_server_and_beside_one(folder):
    first = receive(folder, MAIL % 1)
    assert (first.returncode, first.stdout) == (0, b"ticket #1\n"), first.stderr
    again = receive(folder, MAIL % 1)
    assert (again.returncode, again.stdout) == (0, b"duplicate #1: it came before\n")
    server = ServerProcess(folder)
    server.start()
    try:
        assert receive(folder, MAIL % 1).stdout.startswith(b"duplicate #1")
        second = receive(folder, MAIL % 2)
        assert (second.returncode, second.stdout) == (0, b"ticket #2\n"), second.stderr
        # By another way, with other headers of servers, it is the same message.
        assert receive(folder, b"Received: by x\r\n" + MAIL % 2).stdout.startswith(b"duplicate #2")
    finally:
        server.stop()
    assert tickets(folder) == ["Printer", "Printer"]


@pytest.mark.slow
def test_exit_statuses_are_those_that_mail_servers_know(folder, tmp_path):
    assert receive(folder, b"").returncode == 65
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    missing = receive(nowhere, MAIL % 1)
    assert missing.returncode == 75
    assert b"no help desk" in missing.stderr
    assert len(missing.stderr.splitlines()) == 1
    too_large = receive(folder, MAIL % 1 + b"a" * (51 << 20))
    assert too_large.returncode == 65
    assert tickets(folder) == []
