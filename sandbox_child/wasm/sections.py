"""Sections of a module: their bounds; reads and replaces custom sections by name.

It owns the header check and the section boundaries, which is all that finding or embedding a
manifest needs. Bodies are stepped over, so that a module of 32 MiB takes microseconds. What the
sections mean is for ``module`` to know.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox_child.wasm.caps import MANIFEST_SECTION, MAX_CUSTOM_SECTIONS, MAX_NAME_BYTES
from sandbox_child.wasm.cursor import Cursor
from sandbox_child.wasm.errors import (
    ComponentGiven,
    Malformed,
    NotWebAssembly,
    OverLimit,
    SectionDoubled,
    SectionMissing,
    UnknownVersion,
)

Bytes = bytes | bytearray | memoryview

MAGIC = b"\0asm"
HEADER_SIZE = 8
CUSTOM = 0

NAMES = {
    1: "type section",
    2: "import section",
    3: "function section",
    4: "table section",
    5: "memory section",
    13: "tag section",
    6: "global section",
    7: "export section",
    8: "start section",
    9: "element section",
    12: "data count section",
    10: "code section",
    11: "data section",
}
# The order above is the one that the format prescribes, which is not that of the numbers.
_RANK = {section_id: rank for rank, section_id in enumerate(NAMES, start=1)}

_OTHER_FORMATS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a native ELF program"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"!<arch>", "a static library"),
    (b"BC\xc0\xde", "LLVM bitcode"),
    (b"%PDF", "a PDF document"),
    (b"#!", "a script"),
    (b"(module", "WebAssembly in its text form"),
    (b"(component", "WebAssembly in its text form"),
    (b";;", "WebAssembly in its text form"),
    (b"<", "an HTML or XML page"),
    (b"{", "a JSON document"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One section: ``start`` is where its id stands, ``body`` where its content begins."""

    id: int
    start: int
    body: int
    end: int

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self.end - self.body


@dataclass(frozen=True, slots=True)
class CustomSection:
    """A custom section's name, and where its payload lies in the file."""

    name: str
    section: Section
    payload_start: int


def check_header(data: Bytes) -> None:
    """Accept the header of a core module of version 1, or say what the file is instead."""
    head = bytes(memoryview(data)[:64])
    if not head:
        raise NotWebAssembly("the file is empty")
    if not head.startswith(MAGIC):
        raise NotWebAssembly(_describe(head))
    if len(head) < HEADER_SIZE:
        raise NotWebAssembly(f"it ends after {len(head)} bytes, within the header of {HEADER_SIZE}")
    version = int.from_bytes(head[4:6], "little")
    layer = int.from_bytes(head[6:8], "little")
    if layer == 1:
        raise ComponentGiven
    if (version, layer) != (1, 0):
        raise UnknownVersion(version, layer)


def _describe(head: bytes) -> str:
    if MAGIC.startswith(head):
        return f"it ends after {len(head)} bytes, within the header of {HEADER_SIZE}"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, what in _OTHER_FORMATS:
        if text.startswith(start):
            return f"it looks like {what}"
    return f"it begins with the bytes {head[:4].hex(' ')} in place of {MAGIC.hex(' ')}"


def iter_sections(data: Bytes) -> Iterator[Section]:
    """Yield every section in file order, checking the header, sizes, order and number.

    Raises ``ModuleError`` when the iteration reaches the fault.
    """
    check_header(data)
    view = memoryview(data)
    at, rank, customs = HEADER_SIZE, 0, 0
    while at < len(view):
        section = _section_at(view, at)
        if section.id == CUSTOM:
            customs += 1
            if customs > MAX_CUSTOM_SECTIONS:
                raise OverLimit("custom sections or more", customs, MAX_CUSTOM_SECTIONS)
        else:
            rank = _next_rank(section, rank)
        yield section
        at = section.end


def _section_at(view: memoryview, at: int) -> Section:
    cursor = Cursor(bytes(view[at : at + 6]), base=at, where="header of a section")
    section_id = cursor.byte()
    size = cursor.u32()
    body = at + cursor.at
    if size > len(view) - body:
        name = NAMES.get(section_id, "custom section")
        raise Malformed(
            at, f"the {name} announces {size} bytes and {len(view) - body} are left in the file"
        )
    return Section(section_id, at, body, body + size)


def _next_rank(section: Section, rank: int) -> int:
    found = _RANK.get(section.id)
    if found is None:
        raise Malformed(section.start, f"there is no section with the id {section.id}")
    if found <= rank:
        raise Malformed(section.start, f"the {NAMES[section.id]} is doubled or out of order")
    return found


def read_custom_name(data: Bytes, section: Section) -> CustomSection:
    """Read the name at the start of a custom section's content."""
    head = bytes(memoryview(data)[section.body : min(section.end, section.body + 5)])
    probe = Cursor(head, base=section.body, where="custom section")
    size = probe.u32()
    if size > MAX_NAME_BYTES:
        raise OverLimit("bytes in the name of a custom section", size, MAX_NAME_BYTES)
    end = min(section.end, section.body + probe.at + size)
    piece = bytes(memoryview(data)[section.body : end])
    cursor = Cursor(piece, base=section.body, where="custom section")
    name = cursor.name("the name of a custom section", MAX_NAME_BYTES)
    return CustomSection(name, section, section.body + cursor.at)


def iter_custom_sections(data: Bytes) -> Iterator[tuple[str, memoryview]]:
    """Yield name and payload of every custom section; payloads are views, not copies."""
    view = memoryview(data)
    for section in iter_sections(data):
        if section.id == CUSTOM:
            custom = read_custom_name(data, section)
            yield custom.name, view[custom.payload_start : section.end]


def manifest_section(data: Bytes) -> bytes:
    """Return the payload of the one ``ohd_manifest`` section.

    Raises ``SectionMissing`` or ``SectionDoubled`` beside the errors of ``iter_sections``.
    """
    found = [payload for name, payload in iter_custom_sections(data) if name == MANIFEST_SECTION]
    if not found:
        raise SectionMissing(MANIFEST_SECTION)
    if len(found) > 1:
        raise SectionDoubled(MANIFEST_SECTION, len(found))
    return bytes(found[0])


def replace_custom_section(data: Bytes, name: str, payload: bytes) -> bytes:
    """Return ``data`` with one custom section ``name`` that holds ``payload``.

    It takes the place of the first one of that name; further ones are dropped; where there is
    none it goes to the end. Every other byte stays as it was.
    """
    view = memoryview(data)
    fresh: bytes | None = _encode_custom(name, payload)
    pieces: list[bytes | memoryview] = [view[:HEADER_SIZE]]
    for section in iter_sections(data):
        if section.id == CUSTOM and read_custom_name(data, section).name == name:
            if fresh is not None:
                pieces.append(fresh)
                fresh = None
        else:
            pieces.append(view[section.start : section.end])
    if fresh is not None:
        pieces.append(fresh)
    return b"".join(pieces)


def _encode_custom(name: str, payload: bytes) -> bytes:
    label = name.encode("utf-8")
    if len(label) > MAX_NAME_BYTES:
        raise OverLimit("bytes in the name of a custom section", len(label), MAX_NAME_BYTES)
    body = _encode_u32(len(label)) + label + payload
    if len(body) >= 2**32:
        raise OverLimit("bytes in a custom section", len(body), 2**32 - 1)
    return bytes([CUSTOM]) + _encode_u32(len(body)) + body


def _encode_u32(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
