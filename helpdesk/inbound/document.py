"""A message as one document: what the process that parses it may say, and how much.

Every text is bounded here, whatever that process bounded before: it reads what strangers wrote.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_DOCUMENT_BYTES = 2 * 1024 * 1024

_Id = Annotated[str, Meta(max_length=252, pattern=r"^(<[^<>\s\x00-\x1f]+>)?$")]
_Address = Annotated[str, Meta(max_length=254, pattern=r"^[^\s\x00-\x1f\x7f]*$")]
_Line = Annotated[str, Meta(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Mailbox(msgspec.Struct, frozen=True):
    """Somebody's name and address, as they were written."""

    name: _Line
    address: _Address


class Bounce(msgspec.Struct, frozen=True):
    """A report that a letter was not delivered."""

    action: _Line
    status: _Line
    receiver: _Line
    reason: _Line
    original_id: _Id


class FilePart(msgspec.Struct, frozen=True):
    """A file, whose content comes apart."""

    name: _Line
    kind: _Line
    size: Annotated[int, Meta(ge=0, le=1 << 31)]
    is_inline: bool


class Document(msgspec.Struct, frozen=True):
    """One message."""

    message_id: _Id
    in_reply_to: Annotated[list[_Id], Meta(max_length=10)]
    references: Annotated[list[_Id], Meta(max_length=50)]
    sender: Mailbox | None
    reply_to: Annotated[list[Mailbox], Meta(max_length=5)]
    receivers: Annotated[list[_Address], Meta(max_length=50)]
    subject: _Line
    date: _Line
    text: Annotated[str, Meta(max_length=256 * 1024)]
    quoted: Annotated[str, Meta(max_length=64 * 1024)]
    nature: Annotated[str, Meta(pattern="^(ordinary|automatic|bulk|bounce|receipt)$")]
    wants_no_answer: bool
    is_spam: bool
    bounce: Bounce | None
    left_out: Annotated[list[_Line], Meta(max_length=20)]
    files: Annotated[list[FilePart], Meta(max_length=100)]
    is_broken: bool
    """Whether only its headers could be read."""


def decode(packed: bytes) -> Document:
    """Read a document; raises ``ValueError`` for what is none."""
    if len(packed) > MAX_DOCUMENT_BYTES:
        raise ValueError(f"a document of {len(packed):,} bytes")
    try:
        return msgspec.json.decode(packed, type=Document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise ValueError(f"not a document: {exc}") from None
