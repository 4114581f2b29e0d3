"""Which files are programs, and that what was checked is what runs."""

import os
import struct
from pathlib import Path

import pytest

from supervisor.native.elf import examine
from supervisor.native.errors import NotAProgram, ProgramChanged
from supervisor.native.limits import NativeLimits
from supervisor.native.sealed import seal_program

TRUE = Path("/bin/true").resolve()


def header(**changes: int) -> bytes:
    fields = {
        "width": 2,
        "order": 1,
        "system": 0,
        "kind": 2,
        "machine": 62,
        "offset": 64,
        "size": 56,
        "count": 1,
    } | changes
    return struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH",
        b"\x7fELF",
        *(fields["width"], fields["order"], 1, fields["system"]),
        *(fields["kind"], fields["machine"], 1, 0, fields["offset"], 0, 0, 64),
        *(fields["size"], fields["count"], 0, 0, 0),
    ) + bytes(56)


def test_a_static_program_needs_no_libraries_and_a_linked_one_does():
    assert not examine(header(), "x86_64").system_libraries
    assert examine(TRUE.read_bytes()[:65536], os.uname().machine).system_libraries


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "no ELF program"),
        (b"#!/bin/sh\n", "a script"),
        (b"\0asm\x01\0\0\0", "no ELF program"),
        (b"\x7fELF", "cut off"),
        (header(width=1), "not of 64 bits"),
        (header(order=2), "little endian"),
        (header(machine=183), "built for aarch64; this machine is x86_64"),
        (header(machine=999), "built for machine 999"),
        (header(system=9), "another system"),
        (header(kind=1), "type 1; expected an executable"),
        (header(kind=4), "type 4"),
        (header(count=0), "0 program headers"),
        (header(count=65535), "65535 program headers"),
        (header(size=1), "of 1 bytes"),
        (header(offset=1 << 40), "beyond the beginning"),
    ],
)
def test_anything_else_is_refused_with_the_reason(head, words):
    with pytest.raises(NotAProgram, match=words):
        examine(head, "x86_64")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "plugin"
    path.write_bytes(TRUE.read_bytes())
    return path


def test_a_program_that_was_replaced_is_refused(copy):
    with seal_program(copy) as sealed:
        pinned = sealed.sha256
    with seal_program(copy, pinned) as again:
        assert again.size == TRUE.stat().st_size
    copy.write_bytes(TRUE.read_bytes() + b"\0")
    with pytest.raises(ProgramChanged, match=f"{pinned} is pinned"):
        seal_program(copy, pinned)


def test_what_was_sealed_cannot_be_changed_any_more(copy):
    before = copy.read_bytes()
    with seal_program(copy) as sealed:
        copy.write_bytes(b"something else")
        assert os.pread(sealed.descriptor, len(before), 0) == before
        with pytest.raises(PermissionError):
            os.pwrite(sealed.descriptor, b"x", 0)
        with pytest.raises(PermissionError):
            os.ftruncate(sealed.descriptor, 0)


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6755])
def test_a_set_user_id_program_is_refused(copy, mode):
    copy.chmod(mode)
    with pytest.raises(NotAProgram, match="set-user-id"):
        seal_program(copy)


def test_links_folders_pipes_and_nothing_are_refused(tmp_path, copy):
    (tmp_path / "link").symlink_to(copy)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", ".", "absent"):
        with pytest.raises(NotAProgram):
            seal_program(tmp_path / name)


def test_a_program_beyond_the_limit_is_refused(copy):
    with pytest.raises(NotAProgram, match="at most 1,000"):
        seal_program(copy, limits=NativeLimits(program_bytes=1_000))
