"""ZIP files written byte by byte, so that each can be wrong in one place."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sandbox_child.packages import Package, PackageError, read_package

MODULE = b"\0asm\1\0\0\0"


@dataclass(frozen=True)
class Forged:
    """One entry; what is None follows from the content."""

    name: bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    attributes: int = 0o100644 << 16
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    offset: int | None = None
    local_name: bytes | None = None
    local_method: int | None = None
    local_flags: int | None = None
    local_size: int | None = None
    local_figures: tuple[int, int, int] | None = None
    local_extra: bytes = b""
    descriptor: bytes = b""
    disk: int = 0

    @property
    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method != 8:
            return self.content
        stream = zlib.compressobj(9, zlib.DEFLATED, -15)
        return stream.compress(self.content) + stream.flush()


def forge(
    *entries: Forged,
    prefix: bytes = b"",
    gap: bytes = b"",
    suffix: bytes = b"",
    comment: bytes = b"",
    **end: Any,
) -> bytes:
    """Return a ZIP file of these entries, with the end's figures changed where given."""
    data, directory = prefix, b""
    for entry in entries:
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        body = entry.body
        offset = len(data) if entry.offset is None else entry.offset
        local_name = entry.name if entry.local_name is None else entry.local_name
        figures = (crc, len(body), size if entry.local_size is None else entry.local_size)
        if entry.flags & 8 and entry.local_size is None:
            figures = (0, 0, 0)
        figures = entry.local_figures or figures
        data += struct.pack(
            "<4s5H3L2H",
            b"PK\3\4",
            20,
            entry.flags if entry.local_flags is None else entry.local_flags,
            entry.method if entry.local_method is None else entry.local_method,
            0,
            33,
            *figures,
            len(local_name),
            len(entry.local_extra),
        )
        data += local_name + entry.local_extra + body + entry.descriptor + gap
        directory += struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            3 << 8 | 20,
            20,
            entry.flags,
            entry.method,
            0,
            33,
            crc,
            len(body),
            size,
            len(entry.name),
            0,
            0,
            entry.disk,
            0,
            entry.attributes,
            offset,
        )
        directory += entry.name
    figures = {
        "disk": 0,
        "first": 0,
        "here": len(entries),
        "count": len(entries),
        "size": len(directory),
        "start": len(data),
    } | end
    closing = struct.pack("<4s4H2LH", b"PK\5\6", *figures.values(), len(comment))
    return data + directory + closing + comment + suffix


WASM = Forged(b"x.wasm", MODULE)


@pytest.fixture(scope="session")
def entry() -> Callable[..., Forged]:
    """Return ``entry(name, content, **what_is_wrong)``."""

    def make(name: str | bytes, content: str | bytes = b"", **wrong: Any) -> Forged:
        raw = name.encode() if isinstance(name, str) else name
        body = content.encode() if isinstance(content, str) else content
        return Forged(raw, body, **wrong)

    return make


@pytest.fixture(scope="session")
def zipped() -> Callable[..., bytes]:
    """Return ``zipped(*entries, **archive)``: a module and these entries."""

    def make(*entries: Forged, module: Forged | None = WASM, **archive: Any) -> bytes:
        return forge(*((module,) if module else ()), *entries, **archive)

    return make


@pytest.fixture(scope="session")
def read(zipped) -> Callable[..., Package]:
    """Return ``read(*entries)``: the package of a module and these entries."""
    return lambda *entries, **archive: read_package(zipped(*entries, **archive))


@pytest.fixture(scope="session")
def refused(zipped) -> Callable[..., str]:
    """Return ``refused(*entries)``: the sentence with which that package is refused."""

    def run(*entries: Forged, **archive: Any) -> str:
        with pytest.raises(PackageError) as caught:
            read_package(zipped(*entries, **archive))
        return str(caught.value)

    return run


@pytest.fixture(scope="session")
def changed() -> Callable[..., Forged]:
    """Return ``changed(**what_is_wrong)``: the module's entry, wrong in one place."""
    return lambda **wrong: replace(WASM, **wrong)
