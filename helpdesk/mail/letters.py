"""One letter, and its form on the wire. Pure.

A letter is kept by its parts. The message is built when it is sent, by the library, which refuses
line ends in a header; they are folded away before, so that nothing a person wrote becomes a header.
"""

import html
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from helpdesk import checks

MAX_TEXT_BYTES = 256 * 1024
"""Of the text of a letter; more is cut."""
MAX_REFERENCES = 20
_POLICY = SMTP.clone(max_line_length=76)
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}[^\s<>\"'.,;:!?)\]]")
_FOLDED_ID = re.compile(rb"^(Message-ID|In-Reply-To|References):\s*\r\n ", re.MULTILINE)
_MARK = "X-Open-Help-Desk"


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody is to get."""

    to: str
    """Address, as ``checks.email`` returns it."""
    subject: str
    text: str
    kind: str
    """What it is about, such as ``replied``; for the list of letters."""
    to_name: str = ""
    html: str = ""
    """The same in HTML; where it is empty, it is made from ``text``."""
    user_id: str | None = None
    """Account of the receiver; with ``number``, replies to the letter find their ticket."""
    number: int | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    is_automatic: bool = True
    """False for a letter that bears what a person wrote to its receiver."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the settings add to a letter when it is sent."""

    message_id: str
    sender: str
    """The help desk's address."""
    sender_name: str
    reply_to: str
    """Empty: the sender's."""
    at: datetime


def pack(letter: Letter) -> str:
    """Return a letter as JSON."""
    return msgspec.json.encode(asdict(letter)).decode()


def unpack(text: str) -> Letter:
    """Read what ``pack`` wrote."""
    return msgspec.json.decode(text, type=Letter)


def one_line(text: str, most: int) -> str:
    """Return a text as one line for a header, cut where it is too long."""
    folded = " ".join(checks.cleaned(text).split())
    return folded if len(folded) <= most else folded[: most - 1] + "…"


def to_message(letter: Letter, envelope: Envelope) -> EmailMessage:
    """Return the message as it is sent. Raises ``ValueError`` for an address that is none."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(envelope.sender_name, envelope.sender)
    message["To"] = _address(letter.to_name, letter.to)
    if envelope.reply_to:
        message["Reply-To"] = _address(envelope.sender_name, envelope.reply_to)
    message["Subject"] = one_line(letter.subject, 250)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    if letter.in_reply_to:
        message["In-Reply-To"] = letter.in_reply_to
    references = letter.references[:1] + letter.references[1:][-MAX_REFERENCES:]
    if references:
        message["References"] = " ".join(references)
    message[_MARK] = one_line(letter.kind, 60)
    if letter.is_automatic:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    text = _cut(checks.cleaned(letter.text))
    message.set_content(text + "\n", cte="quoted-printable")
    message.add_alternative(letter.html or html_of(text), subtype="html", cte="quoted-printable")
    return message


def to_bytes(message: EmailMessage, *, utf8: bool = False) -> bytes:
    """Return a message as bytes; ``utf8``: with headers that are not encoded (RFC 6532)."""
    data = message.as_bytes(policy=_POLICY.clone(utf8=utf8))
    head, blank, body = data.partition(b"\r\n\r\n")
    # The library folds a long id behind the colon, which some servers take for an empty header.
    return _FOLDED_ID.sub(rb"\1: ", head) + blank + body


def html_of(text: str) -> str:
    """Return a text as HTML: paragraphs, line breaks and web addresses, all else escaped."""
    paragraphs = [part for part in re.split(r"\n{2,}", text.strip()) if part]
    body = "".join(f"<p>{_linked(part)}</p>" for part in paragraphs)
    return f'<!doctype html><html><body style="font-family:sans-serif">{body}</body></html>\n'


def _linked(text: str) -> str:
    made, end = [], 0
    for found in _LINK.finditer(text):
        address = html.escape(found[0])
        made += [html.escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*made, html.escape(text[end:])]).replace("\n", "<br>\n")


def _address(name: str, address: str) -> Address:
    return Address(display_name=one_line(name, 100), addr_spec=address)


def _cut(text: str) -> str:
    packed = text.encode()
    if len(packed) <= MAX_TEXT_BYTES:
        return text
    return packed[:MAX_TEXT_BYTES].decode("utf-8", "ignore") + "\n[…]"
