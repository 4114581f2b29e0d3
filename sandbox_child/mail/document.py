"""A message as one document of bounded texts, and its files. Pure.

What cannot be read whole is read by its headers alone: nobody's mail is lost because it is broken.
"""

import re
from dataclasses import asdict
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox_child.mail import headers, quotes, reports, structure
from sandbox_child.mail.structure import File

MAX_LINES = 2_000_000
MAX_BOUNDARIES = 400
MAX_HEAD = 512 * 1024
"""Bytes at the beginning that are read where the whole cannot be."""
MAX_SUBJECT = 250
MAX_TEXT_BYTES = 256 * 1024
MAX_QUOTED_BYTES = 64 * 1024
_ANSWER = re.compile(r"^\s*(re|aw|sv|antw|vs|odp|ref|res|rép)(\[\d+\])?\s*:", re.IGNORECASE)
_FORWARD = re.compile(r"^\s*(fwd?|wg|tr|enc|rv|vl|i|doorst)\s*:", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)

_TROUBLE = (
    *(ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError),
    *(MemoryError, MessageError, OverflowError),
)


def read(raw: bytes, *, headers_only: bool) -> tuple[dict[str, Any], list[File]]:
    """Return the document and the files; never raises for what the bytes are."""
    if not headers_only and _is_bounded(raw):
        try:
            return _whole(raw)
        except _TROUBLE:
            pass
    try:
        return _head(raw)
    except _TROUBLE:
        return _document(Message(policy=compat32), "ordinary") | {"is_broken": True}, []


def _is_bounded(raw: bytes) -> bool:
    return raw.count(b"\n") <= MAX_LINES and len(_BOUNDARY.findall(raw)) <= MAX_BOUNDARIES


def _whole(raw: bytes) -> tuple[dict[str, Any], list[File]]:
    message = BytesParser(policy=compat32).parsebytes(raw)
    nature = reports.nature(message)
    document = _document(message, nature)
    content = structure.read(message)
    fresh, quoted = quotes.split(content.text, answers=_answers(message))
    document |= {
        "text": _cut(fresh, MAX_TEXT_BYTES),
        "quoted": _cut(quoted, MAX_QUOTED_BYTES),
        "left_out": [each[:200] for each in content.left_out],
        "files": [
            {
                "name": file.name,
                "kind": file.kind,
                "size": len(file.data),
                "is_inline": file.is_inline,
            }
            for file in content.files
        ],
    }
    if nature == "bounce":
        document["bounce"] = asdict(reports.bounce(message))
    return document, content.files


def _head(raw: bytes) -> tuple[dict[str, Any], list[File]]:
    message = BytesHeaderParser(policy=compat32).parsebytes(raw[:MAX_HEAD])
    return _document(message, reports.nature(message)) | {"is_broken": True}, []


def _document(message: Message, nature: str) -> dict[str, Any]:
    sender = headers.mailboxes(message, "From") or headers.mailboxes(message, "Sender")
    found = headers.ids(message, "Message-ID", 2)
    return {
        "message_id": found[0] if found else "",
        "in_reply_to": headers.ids(message, "In-Reply-To", 10),
        "references": headers.ids(message, "References", 50),
        "sender": asdict(sender[0]) if sender else None,
        "reply_to": [asdict(box) for box in headers.mailboxes(message, "Reply-To")[:5]],
        "receivers": [
            box.address
            for box in headers.mailboxes(
                *(message, "Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc", "Resent-To")
            )
        ],
        "subject": headers.first(message, "Subject")[:MAX_SUBJECT],
        "date": _date(message),
        "text": "",
        "quoted": "",
        "nature": nature,
        "wants_no_answer": reports.wants_no_answer(message),
        "is_spam": reports.is_spam(message),
        "bounce": None,
        "left_out": [],
        "files": [],
        "is_broken": False,
    }


def _answers(message: Message) -> bool:
    subject = headers.first(message, "Subject")
    if _FORWARD.match(subject):
        return False
    named = any(next(headers.raw(message, name), "") for name in ("In-Reply-To", "References"))
    return named or bool(_ANSWER.match(subject))


def _date(message: Message) -> str:
    try:
        return parsedate_to_datetime(headers.first(message, "Date")).isoformat()[:40]
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _cut(text: str, most: int) -> str:
    packed = text.encode("utf-8", "replace")
    if len(packed) <= most:
        return packed.decode()
    return packed[:most].decode("utf-8", "ignore")
