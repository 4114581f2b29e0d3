"""Mail of strangers is read in processes that are killed where they do not finish."""

import base64
import os
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from sandbox_child.wire.mail import MAX_MESSAGE
from supervisor.mail import reader as reading
from supervisor.mail.errors import MailUnread
from supervisor.mail.reader import MailReader
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server

MAIL = b"From: Ada <ada@example.org>\r\nSubject: Hello\r\n\r\nText.\r\n"


class Taken:
    def __init__(self) -> None:
        self.found: dict = {}
        self.files: dict[int, bytes] = {}

    async def document(self, packed: bytes) -> None:
        self.found = msgspec.json.decode(packed)

    async def piece(self, index: int, data: bytes) -> None:
        self.files[index] = self.files.get(index, b"") + data


async def read(reader: MailReader, raw: bytes) -> Taken:
    taken: list[Taken] = []

    @asynccontextmanager
    async def attempt():
        taken.append(Taken())
        yield taken[-1]

    @asynccontextmanager
    async def message():
        async def pieces():
            for start in range(0, len(raw), 100_000):
                yield raw[start : start + 100_000]

        yield pieces()

    await reader.read(message, len(raw), attempt)
    return taken[-1]


@pytest.fixture
async def reader():
    async with open_fork_server() as fork_server:
        made = MailReader(fork_server, Cage(CageSettings()))
        try:
            yield made
        finally:
            await made.aclose()


async def test_one_process_reads_one_message_after_another(reader):
    for number in range(5):
        taken = await read(reader, MAIL.replace(b"Hello", b"Number %d" % number))
        assert taken.found["subject"] == f"Number {number}"
    assert reader._idle[0].read == 5


async def test_files_come_whole(reader):
    content = os.urandom(700_000)
    raw = (
        b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText"
        b"\r\n--b\r\nContent-Type: application/x; name=a.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(content) + b"\r\n--b--\r\n"
    )
    taken = await read(reader, raw)
    assert taken.files == {0: content}
    assert taken.found["files"][0]["size"] == len(content)


async def test_a_process_has_no_file_and_no_network(reader):
    await read(reader, MAIL)
    pid = reader._idle[0].child.handle.pid
    status = await trio.Path(f"/proc/{pid}/status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status
    # Two pipes, and nothing else.
    if os.geteuid() == 0:
        assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == 2  # noqa: ASYNC240


async def test_forty_megabytes_are_read(reader):
    content = b"A" * 30_000_000
    raw = (
        b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText"
        b"\r\n--b\r\nContent-Type: application/x; name=a.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    lines = base64.b64encode(content)
    wrapped = b"\r\n".join(lines[at : at + 76] for at in range(0, len(lines), 76))
    taken = await read(reader, raw + wrapped + b"\r\n--b--\r\n")
    # It is larger than a file may be: left out, and said so.
    assert taken.found["text"] == "Text"
    assert taken.files == {}
    assert "larger than" in taken.found["left_out"][0]
    assert reader._idle == []


async def test_more_than_fifty_is_refused(reader):
    with pytest.raises(MailUnread) as refused:
        await read(reader, b"a" * (MAX_MESSAGE + 1))
    assert refused.value.for_good


async def test_what_is_not_read_in_time_is_read_by_its_headers(reader, monkeypatch):
    monkeypatch.setattr(reading, "WHOLE_S", 0.0)
    taken = await read(reader, MAIL)
    assert taken.found["is_broken"]
    assert taken.found["sender"]["address"] == "ada@example.org"


async def test_a_process_that_died_is_replaced(reader):
    await read(reader, MAIL)
    reader._idle[0].child.handle.kill()
    assert (await read(reader, MAIL)).found["subject"] == "Hello"


async def test_what_a_process_says_is_no_document_of_another(tmp_path: Path, reader):
    first = await read(reader, MAIL)
    second = await read(reader, MAIL.replace(b"Ada", b"Bob"))
    assert first.found["sender"]["name"] == "Ada"
    assert second.found["sender"]["name"] == "Bob"
