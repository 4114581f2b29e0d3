"""Checks for text that comes from outside: cleaned where that is harmless, refused otherwise.

Owns the length limits. Cleaning makes every line end a newline, drops control characters but
newline and tab (they corrupt logs and terminals, and JSON writes each with six bytes), and puts
U+FFFD for lone surrogates, which UTF-8 cannot carry. Escaping is for whoever shows the text.

The limits keep every event payload below 1 MiB, the most that the plugin host takes: JSON at most
doubles cleaned text, and description, body (or notes), and all fields together are bounded.
"""

import re
import unicodedata

from helpdesk.errors import Invalid
from helpdesk.text import counted, normalized, shows_something

MAX_NAME = 100
"""Characters in the name of a person, group, category, status, …"""
MAX_SUBJECT = 255
"""Characters in a ticket's subject."""
MAX_BODY_BYTES = 64 * 1024
"""UTF-8 bytes of a description, reply, note, resolution notes or reason."""
MAX_FIELD_VALUE_BYTES = 4 * 1024
"""UTF-8 bytes of a custom field's value."""
MAX_FIELDS = 100
"""Custom fields on one ticket."""
MAX_FIELDS_BYTES = 128 * 1024
"""UTF-8 bytes of all custom fields of one ticket, keys and values together."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_FIELD_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def cleaned(text: str) -> str:
    """Return ``text`` with plain newlines and without what no page or log should carry."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def name(field: str, text: str, *, most: int = MAX_NAME) -> str:
    """Check a one-line name: 1 to ``most`` characters once white space is folded."""
    folded = " ".join(cleaned(text).split())
    if not 1 <= len(folded) <= most:
        raise Invalid(field, _size(folded), f"1 to {most} characters on one line")
    if not shows_something(folded):
        raise Invalid(field, "only invisible characters", "visible text")
    return folded


def body(field: str, text: str, *, least: int = 1) -> str:
    """Check a longer text: ``least`` to 64 KiB of UTF-8 without outer white space."""
    stripped = cleaned(text).strip()
    size = len(stripped.encode())
    if size > MAX_BODY_BYTES:
        raise Invalid(field, f"{size:,} bytes", f"at most {MAX_BODY_BYTES:,} bytes")
    if size < least:
        raise Invalid(field, "nothing", "some text")
    if least and not shows_something(stripped):
        raise Invalid(field, "only invisible characters", "visible text")
    return stripped


def field_key(text: str) -> str:
    """Check the key of a custom field."""
    if not _FIELD_KEY.fullmatch(text):
        raise Invalid("key", _shown(text), "1 to 64 of the characters A-Z a-z 0-9 _ . -")
    return text


def field_value(text: str) -> str:
    """Check the value of a custom field; it may be empty."""
    value = cleaned(text)
    size = len(value.encode())
    if size > MAX_FIELD_VALUE_BYTES:
        raise Invalid("value", f"{size:,} bytes", f"at most {MAX_FIELD_VALUE_BYTES:,} bytes")
    return value


def email(text: str) -> str:
    """Check an email address and put it in the one form that is stored: lower case."""
    address = normalized("NFC", cleaned(text).strip().lower())
    hidden = any(unicodedata.category(c) in {"Cf", "Mn", "Me", "Co", "Cn"} for c in address)
    if hidden or len(address) > 254 or not _EMAIL.fullmatch(address) or ".." in address:
        raise Invalid("email", _shown(address), "an address like name@example.com")
    return address


def _size(text: str) -> str:
    return counted(len(text), "character") if text else "nothing"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 64 else text[:64] + "…")
