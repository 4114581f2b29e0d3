"""The content of one entry, unpacked in small pieces and never more than was announced."""

import zlib
from collections.abc import Iterator

from sandbox_child.packages.caps import Caps
from sandbox_child.packages.directory import STORED, Entry
from sandbox_child.packages.errors import PackageError

CHUNK = 64 * 1024


def check_sizes(entries: tuple[Entry, ...], caps: Caps) -> None:
    """Refuse what would be too much once unpacked, before any of it is; raises PackageError."""
    for entry in entries:
        if entry.size > caps.file_bytes:
            most = f"{caps.file_bytes:,} are allowed"
            raise PackageError(f"has {entry.size:,} bytes unpacked; at most {most}", entry.name)
        if entry.size > caps.ratio_from_bytes and entry.size > caps.ratio * entry.packed:
            times = f"more than {caps.ratio} times its packed size"
            raise PackageError(f"unpacks to {times}", entry.name)
    total = sum(entry.size for entry in entries)
    if total > caps.total_bytes:
        most = f"{caps.total_bytes:,} are allowed"
        raise PackageError(f"has {total:,} bytes unpacked; at most {most}")


def contents(data: bytes, entry: Entry) -> Iterator[bytes]:
    """Yield an entry's content in pieces of at most 64 KiB; raises PackageError.

    The last piece comes only once size and checksum are right, but those before it have come by
    then: use nothing before the end.
    """
    crc = size = 0
    pieces = _stored(data, entry) if entry.method == STORED else _inflated(data, entry)
    for piece in pieces:
        size += len(piece)
        if size > entry.size:
            raise PackageError(f"unpacks to more than the {entry.size:,} bytes it says", entry.name)
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.size:
        problem = f"unpacks to {size:,} bytes and says {entry.size:,}"
        raise PackageError(problem, entry.name)
    if crc != entry.crc:
        raise PackageError("is damaged: its checksum is wrong", entry.name)


def _stored(data: bytes, entry: Entry) -> Iterator[bytes]:
    end = entry.start + entry.packed
    for at in range(entry.start, end, CHUNK):
        yield data[at : min(at + CHUNK, end)]


def _inflated(data: bytes, entry: Entry) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    behind = False
    try:
        for packed in _stored(data, entry):
            behind = behind or stream.eof
            rest = packed
            while rest and not stream.eof:
                piece = stream.decompress(rest, CHUNK)
                rest = stream.unconsumed_tail
                if piece:
                    yield piece
        while not stream.eof and (piece := stream.decompress(b"", CHUNK)):
            yield piece
    except zlib.error:
        raise PackageError("is damaged: it cannot be unpacked", entry.name) from None
    if not stream.eof:
        raise PackageError("is damaged: its content is cut off", entry.name)
    if behind or stream.unused_data:
        raise PackageError("has extra bytes after its compressed content", entry.name)
