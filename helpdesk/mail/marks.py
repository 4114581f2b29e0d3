"""Addresses and Message-IDs that prove who got a letter.

The reply address of a letter is the help desk's own with a tag, ``support+r.1042.TOKEN@…``: the
number of the ticket and a code that only this help desk can make, for this ticket and this person.
Message-IDs of letters bear such a code too, so that nobody who has not seen a letter can refer to
it. Codes are HMAC-SHA-256 cut to 100 bits, in lower case: mail servers change the case of
addresses.
"""

import base64
import hashlib
import hmac
import re
import sqlite3
from dataclasses import dataclass

_CODE = 20
"""Characters of a code, five bits each."""
_TAG = re.compile(r"r\.([1-9][0-9]{0,14})\.([a-z2-7]{20})")
_OWN_ID = re.compile(r"<ohd\.([a-z0-9]{1,40})\.([a-z2-7]{20})@[^<>@\s]{1,255}>")
_ROOT = "t"


@dataclass(frozen=True, slots=True)
class ReplyTag:
    """The tag of a reply address, not yet checked."""

    number: int
    code: str


def key_of(connection: sqlite3.Connection) -> bytes:
    """Return this help desk's key of marks, 32 bytes."""
    (key,) = connection.execute("SELECT key FROM mail_key").fetchone()
    return bytes(key)


def reply_address(key: bytes, address: str, number: int, user_id: str) -> str:
    """Return ``address`` with the tag of a ticket and a person."""
    local, _, domain = address.rpartition("@")
    return f"{local}+r.{number}.{_reply_code(key, number, user_id)}@{domain}"


def reply_tag(address: str, own: str) -> ReplyTag | None:
    """Return the tag of a reply address of ours; None for any other address."""
    local, _, domain = address.lower().rpartition("@")
    own_local, _, own_domain = own.lower().rpartition("@")
    base, plus, tag = local.partition("+")
    if not plus or base != own_local.partition("+")[0] or domain != own_domain:
        return None
    found = _TAG.fullmatch(tag)
    return ReplyTag(int(found[1]), found[2]) if found else None


def is_for(key: bytes, tag: ReplyTag, user_id: str) -> bool:
    """Tell whether a tag was made for this person."""
    return hmac.compare_digest(tag.code, _reply_code(key, tag.number, user_id))


def message_id(key: bytes, letter_id: str, domain: str) -> str:
    """Return the Message-ID of a letter."""
    return _own_id(key, letter_id.lower(), domain)


def root_id(key: bytes, number: int, domain: str) -> str:
    """Return the id that every letter about a ticket refers to, so that clients thread them."""
    return _own_id(key, f"{_ROOT}{number}", domain)


def is_own(key: bytes, reference: str) -> bool:
    """Tell whether this help desk made a Message-ID."""
    found = _OWN_ID.fullmatch(reference.lower())
    return found is not None and hmac.compare_digest(found[2], _id_code(key, found[1]))


def root_number(key: bytes, reference: str) -> int | None:
    """Return the ticket whose root this is; None for what is no root of ours."""
    found = _OWN_ID.fullmatch(reference.lower())
    if found is None or not re.fullmatch(r"t[1-9][0-9]{0,14}", found[1]):
        return None
    return int(found[1][1:]) if is_own(key, reference) else None


def rating_code(key: bytes, number: int, user_id: str, resolved_at: str) -> str:
    """Return the code by which a person rates one resolution of a ticket."""
    return _code(key, f"rating\0{number}\0{user_id}\0{resolved_at}")


def _own_id(key: bytes, name: str, domain: str) -> str:
    return f"<ohd.{name}.{_id_code(key, name)}@{domain}>"


def _reply_code(key: bytes, number: int, user_id: str) -> str:
    return _code(key, f"reply\0{number}\0{user_id}")


def _id_code(key: bytes, name: str) -> str:
    return _code(key, f"id\0{name}")


def _code(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), hashlib.sha256)
    return base64.b32encode(digest).decode("ascii")[:_CODE].lower()
