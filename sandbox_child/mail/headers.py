"""Headers, decoded: as text on one line, as addresses, as Message-IDs. Pure.

Raw header values carry bytes beyond ASCII as surrogates, which is how the standard library's parser
keeps them. Every value is cut before anything looks at it.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from sandbox_child.mail.charsets import decode

MAX_VALUE = 16 * 1024
"""Characters of one header that are looked at."""
MAX_ADDRESSES = 50
MAX_ADDRESS = 254
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_ID = re.compile(r"<[^<>\s]{1,250}>")
_BARE_ID = re.compile(r"[^<>\s,;]{1,200}@[^<>\s,;]{1,200}")
_ADDRESS = re.compile(
    r"[^\s@\"(),:;<>\[\\\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's name and address."""

    name: str
    address: str


def inner(message: Message) -> list[Message]:
    """Return the messages or parts within one; nothing for one that holds text."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        return []
    return [each for each in payload if isinstance(each, Message)]


def raw(message: Message, name: str) -> Iterator[str]:
    """Yield the values of a header as they came, cut."""
    wanted = name.lower()
    for each, value in message.raw_items():
        if each.lower() == wanted:
            yield str(value)[:MAX_VALUE]


def first(message: Message, name: str) -> str:
    """Return the first value of a header as text on one line; empty where there is none."""
    return next((text(value) for value in raw(message, name)), "")


def text(value: str) -> str:
    """Return a raw value as text on one line."""
    return " ".join(_CONTROLS.sub(" ", _decoded(value)).split())


def _decoded(value: str) -> str:
    plain = _unescaped(value)
    if "=?" not in plain:
        return plain
    try:
        # Some write "=?…?==?…?=" or fold inside a word; blanks between two words are no text.
        pieces = decode_header(
            _BETWEEN_WORDS.sub(r"\1 \2", plain.replace("\r", "").replace("\n", ""))
        )
    except (HeaderParseError, ValueError, binascii.Error):
        return plain
    made: list[str] = []
    pending, charset = b"", ""
    for piece, named in pieces:
        data = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        if named is not None and named.lower() == charset:
            pending += data  # a character may have been cut in two
            continue
        made.append(decode(pending, charset))
        pending, charset = data, "" if named is None else named.lower()
    made.append(decode(pending, charset))
    return "".join(made)


def _unescaped(value: str) -> str:
    """Turn bytes that are kept as surrogates back into text."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"), "")


def mailboxes(message: Message, *names: str) -> list[Mailbox]:
    """Return the addresses of headers, in order; what is none is left out."""
    values = [value for name in names for value in raw(message, name)]
    found = []
    for value in values[:MAX_ADDRESSES]:
        # Groups and comments are the library's; names are decoded behind the split, so that a
        # name with a comma or an at sign in it does not become an address.
        flat = " ".join(_unescaped(value).split())
        for name, address in getaddresses([flat])[:MAX_ADDRESSES]:
            if mailbox := _mailbox(name, address):
                found.append(mailbox)
    return found[:MAX_ADDRESSES]


def _mailbox(name: str, address: str) -> Mailbox | None:
    bare = address.strip().strip("<>'\"").strip()
    if len(bare) > MAX_ADDRESS or ".." in bare or not _ADDRESS.fullmatch(bare):
        return None
    return Mailbox(text(name)[:200], bare)


def ids(message: Message, name: str, most: int) -> list[str]:
    """Return the Message-IDs of a header: the first, and the last of the rest."""
    joined = " ".join(_unescaped(value) for value in raw(message, name))
    found = _ID.findall(joined) or [f"<{each}>" for each in _BARE_ID.findall(joined)]
    clean = [each for each in dict.fromkeys(found) if not _CONTROLS.search(each)]
    return clean if len(clean) <= most else [clean[0], *clean[-(most - 1) :]]
