"""The structure of a ZIP file, read so that there is only one way to read it.

What makes two readers of one archive see different files is refused: bytes before, between or
behind the entries, entries that share bytes, headers that disagree, more than one end. Source:
PKWARE's APPNOTE.TXT 6.3.10. Nothing is unpacked here.
"""

import stat
import struct
from dataclasses import dataclass

from sandbox_child.packages.caps import Caps
from sandbox_child.packages.errors import PackageError
from sandbox_child.packages.names import check_doubles, decode_name

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_CENTRAL_MARK = b"PK\1\2"
_NEWEST = 63
"""Version of the format that a reader may need, times ten; other readers refuse what is newer."""
_LOCAL = struct.Struct("<4s2B4HL2L2H")
_LOCAL_MARK = b"PK\3\4"
_DESCRIPTOR = struct.Struct("<3L")
_DESCRIPTOR_MARK = b"PK\7\x08"
_MAX_COMMENT = 0xFFFF
_ZIP64 = (0xFFFF, 0xFFFFFFFF)

_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_HAS_DESCRIPTOR = 1 << 3
_PATCH = 1 << 5
STORED, DEFLATED = 0, 8
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 99: "AES"}
_DOS_FOLDER = 0x10
_REPARSE_POINT = 0x400


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder of the archive; sizes in bytes, not yet proved by its content."""

    name: str
    """With a slash at its end for a folder."""
    method: int
    crc: int
    packed: int
    size: int
    start: int
    """Offset of the packed bytes."""
    set_id: bool = False
    """Whether it would be set-user-id or set-group-id where it was unpacked."""

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class _Central:
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    name: str
    set_id: bool


def read_directory(data: bytes, caps: Caps) -> tuple[Entry, ...]:
    """Return the entries in the order of their bytes; raises PackageError."""
    count, start, end = _find_end(data)
    if count > caps.entries:
        raise PackageError(f"has {count:,} files and folders; at most {caps.entries:,} are allowed")
    listed = []
    at = start
    for _ in range(count):
        central, at = _read_central(data, at, end, caps)
        listed.append(central)
    if at != end:
        raise PackageError("is damaged: its directory has more entries than it says")
    check_doubles(central.name for central in listed)
    return _place(data, sorted(listed, key=lambda central: central.offset), start)


def _find_end(data: bytes) -> tuple[int, int, int]:
    """Return the count of entries, and where the directory begins and ends."""
    tail = max(0, len(data) - _END.size - _MAX_COMMENT)
    ends = []
    at = data.find(_END_MARK, tail)
    while at >= 0 and at + _END.size <= len(data):
        if at + _END.size + int.from_bytes(data[at + 20 : at + 22], "little") == len(data):
            ends.append(at)
        at = data.find(_END_MARK, at + 1)
    if not ends:
        raise PackageError(
            "is not a complete ZIP file: its end is missing, or more bytes follow it"
        )
    if len(ends) > 1:
        raise PackageError("has two ends, so that two readers would see different files")
    found = _END.unpack_from(data, ends[0])
    _, disk, first_disk, here, count, size, start, _ = found
    if disk or first_disk or here != count:
        raise PackageError("is one part of several; make one ZIP file")
    if count == _ZIP64[0] or size == _ZIP64[1] or start == _ZIP64[1]:
        raise PackageError("is a ZIP64 file, which is for more than 4 GiB; make a plain ZIP file")
    if start + size != ends[0]:
        raise PackageError("is damaged: its directory is not where its end says")
    if count == 0:
        raise PackageError("is empty")
    return count, start, ends[0]


def _read_central(data: bytes, at: int, end: int, caps: Caps) -> tuple[_Central, int]:
    if at + _CENTRAL.size > end or data[at : at + 4] != _CENTRAL_MARK:
        raise PackageError("is damaged: its directory ends too early")
    fields = _CENTRAL.unpack_from(data, at)
    flags, method, crc, packed, size = fields[5], fields[6], *fields[9:12]
    name_length, extra_length, comment_length, disk = fields[12:16]
    attributes, offset = fields[17], fields[18]
    at += _CENTRAL.size
    raw_name = data[at : at + name_length]
    at += name_length + extra_length + comment_length
    if at > end:
        raise PackageError("is damaged: its directory ends too early")
    name = decode_name(raw_name, caps)
    if disk:
        raise PackageError("is on another part of the archive", name)
    if fields[3] > _NEWEST:
        raise PackageError("needs a version of the ZIP format that does not exist", name)
    if _ZIP64[1] in (packed, size, offset):
        raise PackageError("is larger than 4 GiB, or says so", name)
    _check_kind(name, flags, method, attributes, size)
    set_id = bool(attributes >> 16 & (stat.S_ISUID | stat.S_ISGID))
    return _Central(raw_name, flags, method, crc, packed, size, offset, name, set_id), at


def _check_kind(name: str, flags: int, method: int, attributes: int, size: int) -> None:
    if flags & _ENCRYPTED:
        raise PackageError("is encrypted; remove the password", name)
    if flags & _PATCH:
        raise PackageError("is a patch of another file", name)
    if method not in (STORED, DEFLATED):
        known = _METHODS.get(method, f"method {method}")
        raise PackageError(f"is compressed with {known}; use Deflate or no compression", name)
    folder = name.endswith("/")
    # The mode's type is checked whatever system made the archive: some readers follow it anyway.
    kind = stat.S_IFMT(attributes >> 16)
    if kind not in (0, stat.S_IFDIR if folder else stat.S_IFREG) or attributes & _REPARSE_POINT:
        problem = "is a link, a device or the like; only plain files and folders are allowed"
        raise PackageError(problem, name)
    if attributes & _DOS_FOLDER and not folder:
        raise PackageError("is a folder by its attributes and a file by its name", name)
    if folder and size:
        raise PackageError("is a folder with content", name)


def _place(data: bytes, listed: list[_Central], directory: int) -> tuple[Entry, ...]:
    """Return the entries, which must fill the bytes up to the directory without gap or overlap."""
    entries = []
    expected = 0
    for central in listed:
        if central.offset != expected:
            shares = central.offset < expected
            problem = (
                "shares bytes with another entry"
                if shares
                else "does not begin where the entry before it ends"
            )
            raise PackageError(problem, central.name)
        start = _check_local(data, central, directory)
        expected = start + central.packed
        if central.flags & _HAS_DESCRIPTOR:
            expected += _check_descriptor(data, central, expected, directory)
        if expected > directory:
            raise PackageError("ends behind the place where the directory begins", central.name)
        entries.append(
            Entry(
                central.name,
                central.method,
                central.crc,
                central.packed,
                central.size,
                start,
                central.set_id,
            )
        )
    if expected != directory:
        raise PackageError("has extra bytes between its entries and its directory")
    return tuple(entries)


def _check_local(data: bytes, central: _Central, directory: int) -> int:
    at = central.offset
    if at + _LOCAL.size > directory or data[at : at + 4] != _LOCAL_MARK:
        raise PackageError("has no header where the directory says", central.name)
    fields = _LOCAL.unpack_from(data, at)
    name_length, extra_length = int(fields[10]), int(fields[11])
    at += _LOCAL.size
    name = data[at : at + name_length]
    figures = fields[7:10]
    known = (central.crc, central.packed, central.size)
    # Figures that were not known when the header was written are 0 there, and stand behind.
    known_later = bool(central.flags & _HAS_DESCRIPTOR)
    agree = all(a == b or (known_later and a == 0) for a, b in zip(figures, known, strict=True))
    if (*fields[3:5], name) != (central.flags, central.method, central.raw_name) or not agree:
        raise PackageError("has a header that differs from the directory", central.name)
    return at + name_length + extra_length


def _check_descriptor(data: bytes, central: _Central, at: int, directory: int) -> int:
    """Return the size of the figures that follow an entry which was written in one go."""
    length = _DESCRIPTOR.size
    if data[at : at + 4] == _DESCRIPTOR_MARK:
        at, length = at + 4, length + 4
    fits = at + _DESCRIPTOR.size <= directory
    if not fits or _DESCRIPTOR.unpack_from(data, at) != (
        central.crc,
        central.packed,
        central.size,
    ):
        raise PackageError("is followed by figures that differ from the directory", central.name)
    return length
