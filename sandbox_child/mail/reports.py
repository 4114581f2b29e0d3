"""What mail servers and programs say: bounces, receipts, automatic answers, lists, spam. Pure.

Sources: RFC 3834 (automatic answers), RFC 3464 (delivery reports), RFC 8098 (receipts), RFC 2919
(lists), and the headers that programs wrote before there were any.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from sandbox_child.mail import headers

_AUTO_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response-From")
_LISTS = ("List-Id", "List-Unsubscribe", "Feedback-ID", "X-Campaign-Id")
_AUTO_SUBJECT = re.compile(
    r"^(automatic reply|auto(?:matic)?[ -]?reply|automatische antwort|out of (?:the )?office|"
    r"abwesenheitsnotiz|abwesend|réponse automatique|respuesta automática|autosvar)\b",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_OWN_ID = re.compile(r"<ohd\.[a-z0-9]{1,40}\.[a-z2-7]{20}@[A-Za-z0-9.-]{1,255}>", re.IGNORECASE)
_ID_LINE = re.compile(r"^Message-ID:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_MOST_SEARCHED = 256 * 1024
_MOST_GROUPS = 20


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that a message was not delivered, or will be late."""

    action: str
    """``failed``, ``delayed``, ``delivered``, ``relayed`` or ``expanded``."""
    status: str
    receiver: str
    reason: str
    original_id: str
    """Message-ID of what came back; empty where the report does not say."""


def nature(message: Message) -> str:
    """Return ``bounce``, ``receipt``, ``automatic``, ``bulk`` or ``ordinary``."""
    kind = message.get_content_type()
    report = str(message.get_param("report-type") or "").lower()
    sender = next((box.address for box in headers.mailboxes(message, "From")), "")
    null_path = headers.first(message, "Return-Path").replace(" ", "") == "<>"
    if kind == "multipart/report" and report == "disposition-notification":
        return "receipt"
    if kind == "multipart/report" or (_DAEMON.match(sender) and (null_path or _is_auto(message))):
        return "bounce"
    if null_path or _is_auto(message):
        return "automatic"
    precedence = headers.first(message, "Precedence").lower()
    if precedence in {"bulk", "list", "junk"} or any(_has(message, name) for name in _LISTS):
        return "bulk"
    return "ordinary"


def _is_auto(message: Message) -> bool:
    submitted = headers.first(message, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if headers.first(message, "Precedence").lower() == "auto_reply":
        return True
    if any(_has(message, name) for name in _AUTO_HEADERS):
        return True
    return bool(_AUTO_SUBJECT.match(headers.first(message, "Subject")))


def wants_no_answer(message: Message) -> bool:
    """Tell whether the sender asks programs not to answer."""
    suppressed = headers.first(message, "X-Auto-Response-Suppress").lower()
    return any(word in suppressed for word in ("all", "autoreply", "oof"))


def is_spam(message: Message) -> bool:
    """Tell whether a filter on the way has marked the message."""
    if headers.first(message, "X-Spam-Flag").lower().startswith("yes"):
        return True
    if headers.first(message, "X-Spam").lower() in {"yes", "spam"}:
        return True
    return headers.first(message, "X-Spam-Status").lower().startswith("yes")


def bounce(message: Message) -> Bounce:
    """Return what a bounce says, as far as it says it in a form for programs."""
    action = status = receiver = reason = original = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for group in _groups(part):
                action = action or headers.first(group, "Action").lower()
                status = status or _found(_STATUS, headers.first(group, "Status"))
                named = headers.first(group, "Final-Recipient") or headers.first(
                    group, "Original-Recipient"
                )
                receiver = receiver or named.rpartition(";")[2].strip()[:254]
                reason = reason or headers.first(group, "Diagnostic-Code")[:300]
        elif kind in {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}:
            original = original or _id_inside(part)
    original = original or _own_id_in(message)
    return Bounce(action or "failed", status, receiver, reason, original)


def _parts(message: Message) -> Iterator[Message]:
    if message.get_content_maintype() == "multipart":
        yield from headers.inner(message)[:50]


def _groups(part: Message) -> Iterator[Message]:
    yield from headers.inner(part)[:_MOST_GROUPS]


def _id_inside(part: Message) -> str:
    if within := headers.inner(part):
        found = headers.ids(within[0], "Message-ID", 2)
        return found[0] if found else ""
    return _found(
        re.compile(r"^Message-ID:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE),
        _text(part),
        1,
    )


def _own_id_in(message: Message) -> str:
    """Look for an id of a help desk in the text of a bounce that has no form."""
    parts = [message, *_parts(message)]
    return next((found for part in parts if (found := _found(_OWN_ID, _text(part)))), "")


def _text(part: Message) -> str:
    payload = part.get_payload()
    return payload[:_MOST_SEARCHED] if isinstance(payload, str) else ""


def _has(message: Message, name: str) -> bool:
    return next(headers.raw(message, name), None) is not None


def _found(pattern: re.Pattern[str], text: str, group: int = 0) -> str:
    match = pattern.search(text)
    return match[group] if match else ""
