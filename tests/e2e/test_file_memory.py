"""A large file passes through the server in pieces: sent, fetched, and made small."""

import io
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.desk import Desk, running_desk

MIB = 1024 * 1024
TRIES = 3
"""The server does other things too; of so many uploads, one shows what an upload takes."""


@pytest.fixture
def desk(tmp_path: Path):
    with running_desk(tmp_path, 1) as running:
        yield running


class Memory:
    """Resident memory of the server, in bytes."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def forget_peak(self) -> int:
        (self._folder / "clear_refs").write_text("5")
        return self._read("VmRSS")

    def peak(self) -> int:
        return self._read("VmHWM")

    def _read(self, name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+) kB", (self._folder / "status").read_text())
        assert found is not None
        return int(found[1]) * 1024


def server_of(desk: Desk) -> Memory:
    port = desk.url.rpartition(":")[2]
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    for pid in own:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"serve" in words and b"--demo" in words:
            return Memory(int(pid))
    raise AssertionError(f"no server at port {port} among {own}")


def test_a_file_of_25_mib_takes_at_most_2_mib_of_the_server(desk):
    memory = server_of(desk)
    ticket = desk.ticket("Large files")
    sent, fetched = [], []

    def pass_through(content: bytes) -> None:
        start = memory.forget_peak()
        answer = desk.admin.post(f"/api/files?ticket={ticket}", files={"file": ("x", content)})
        assert answer.status_code == 201
        sent.append(memory.peak() - start)
        start = memory.forget_peak()
        with desk.admin.stream("GET", answer.json()["url"]) as response:
            assert sum(len(piece) for piece in response.iter_raw()) == len(content)
        fetched.append(memory.peak() - start)

    pass_through(os.urandom(2 * MIB))  # what is made at first use is not the file's
    sent.clear()
    fetched.clear()
    for _ in range(TRIES):
        pass_through(os.urandom(25 * MIB))
    assert min(sent) <= 2 * MIB, sent
    assert min(fetched) <= 2 * MIB, fetched


def test_a_thumbnail_takes_next_to_nothing_of_the_server(desk):
    memory = server_of(desk)
    ticket = desk.ticket("Large pictures")
    picture = io.BytesIO()
    Image.effect_noise((4000, 4000), 80).convert("RGB").save(picture, "jpeg", quality=90)
    taken = []
    for number in range(TRIES + 1):
        content = picture.getvalue() + bytes([number])
        answer = desk.admin.post(f"/api/files?ticket={ticket}", files={"file": ("x.jpg", content)})
        start = memory.forget_peak()
        small = desk.admin.get(f"/thumbnails/{answer.json()['id']}")
        taken.append(memory.peak() - start)
        assert small.headers["Content-Type"] == "image/webp"
    assert min(taken[1:]) <= 2 * MIB, taken
