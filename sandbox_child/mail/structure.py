"""Which part of a message is its text, and which are files. Pure.

Of alternatives, plain text wins where it says as much as the HTML does; else the HTML becomes
text. A message inside a message is a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

from sandbox_child.mail import headers
from sandbox_child.mail.charsets import decode
from sandbox_child.mail.html_text import MAX_HTML, to_markdown
from sandbox_child.mail.markdown import from_plain
from sandbox_child.wire.mail import MAX_PART, MAX_PARTS

MAX_TEXT = 1024 * 1024
"""Characters of plain text that are read."""
MAX_LINES = 20_000
MAX_NESTED = 50
MAX_VISITED = 2_000
"""Parts that are looked at."""
_SAYS_AS_MUCH = 5
"""Plain text wins unless the HTML has this many times as much text."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EXTENSIONS = {
    "text/calendar": "invitation.ics",
    "application/ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-signature": "smime.p7s",
    "message/rfc822": "message.eml",
    "text/html": "message.html",
    "text/plain": "text.txt",
    "image/png": "picture.png",
    "image/jpeg": "picture.jpg",
    "image/gif": "picture.gif",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message."""

    name: str
    """As it was sent; whoever keeps it makes it harmless."""
    kind: str
    """Media type as claimed."""
    content_id: str
    is_inline: bool
    data: bytes


@dataclass(slots=True)
class Content:
    """What a message holds."""

    text: str = ""
    """Markdown, with ``quotes.MARK`` where a quotation begins."""
    files: list[File] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What was too much, in words."""


class _Walk:
    def __init__(self) -> None:
        self.content = Content()
        self.texts: list[tuple[str, Message]] = []
        self._visited = 0

    def visit(self, part: Message, depth: int = 0) -> None:
        self._visited += 1
        if self._visited > MAX_VISITED or depth > MAX_NESTED:
            self._leave_out("parts nested too deeply, or too many of them")
            return
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            if part.get_content_subtype() == "alternative":
                self._alternatives(headers.inner(part), depth)
            else:
                for each in headers.inner(part):
                    self.visit(each, depth + 1)
            return
        if _is_text(part):
            self.texts.append((part.get_content_subtype(), part))
            return
        self._keep(part)

    def _alternatives(self, parts: list[Message], depth: int) -> None:
        """Take one form of the text; whatever is no text is looked at as usual."""
        plain = next((each for each in parts if _is_text(each, "plain")), None)
        rich = next((each for each in reversed(parts) if _holds_html(each)), None)
        chosen = _better(plain, rich) if plain is not None and rich is not None else plain or rich
        for each in parts:
            if each is chosen:
                self.visit(each, depth + 1)
            elif each is rich:
                # The text of a form that is not taken goes; its pictures stay.
                self._files_of(each, depth + 1)
            elif not _is_text(each):
                self.visit(each, depth + 1)

    def _files_of(self, part: Message, depth: int) -> None:
        if part.get_content_maintype() == "multipart":
            for each in headers.inner(part)[:MAX_VISITED]:
                if not _is_text(each):
                    self.visit(each, depth + 1)

    def _keep(self, part: Message) -> None:
        if len(self.content.files) >= MAX_PARTS:
            self._leave_out(f"files beyond the first {MAX_PARTS}")
            return
        data = _bytes_of(part)
        name = _name_of(part)
        if len(data) > MAX_PART:
            self._leave_out(f"{name}: larger than {MAX_PART >> 20} MiB")
            return
        if not data:
            return
        named = headers.first(part, "Content-ID").strip("<> ").lower()[:200]
        inline = part.get_content_disposition() == "inline" or bool(named)
        self.content.files.append(File(name, part.get_content_type()[:100], named, inline, data))

    def _leave_out(self, what: str) -> None:
        if what not in self.content.left_out and len(self.content.left_out) < 20:
            self.content.left_out.append(what)


def read(message: Message) -> Content:
    """Return the text and the files of a message."""
    walk = _Walk()
    walk.visit(message)
    content = walk.content
    pictures = {
        file.content_id: index for index, file in enumerate(content.files) if file.content_id
    }
    texts = [_markdown(kind, part, pictures) for kind, part in walk.texts]
    calendars = [_calendar(file.data) for file in content.files if file.kind == "text/calendar"]
    content.text = "\n\n".join(text for text in (*texts, *calendars) if text.strip())
    if any(_size(part) > MAX_TEXT for _kind, part in walk.texts):
        content.left_out.append("the end of a very long text")
    return content


def _is_text(part: Message, kind: str | None = None) -> bool:
    if part.get_content_maintype() != "text" or part.get_content_disposition() == "attachment":
        return False
    subtype = part.get_content_subtype()
    if subtype not in {"plain", "html", "enriched"} or (kind and subtype != kind):
        return False
    return not part.get_filename() or (part.get_content_disposition() == "inline" and not kind)


def _holds_html(part: Message) -> bool:
    if _is_text(part, "html"):
        return True
    if part.get_content_maintype() != "multipart":
        return False
    return any(_is_text(each, "html") for each in headers.inner(part)[:20])


def _better(plain: Message, rich: Message) -> Message:
    as_plain = _letters(_text_of(plain))
    inner = rich
    if rich.get_content_maintype() == "multipart":
        inner = next((each for each in headers.inner(rich) if _is_text(each, "html")), rich)
    if not as_plain:
        return rich
    if as_plain > 2_000:
        return plain
    as_rich = _letters(to_markdown(_text_of(inner), {}))
    has_pictures = inner is not rich and "cid:" in _text_of(inner)[:MAX_HTML].lower()
    return rich if as_rich > _SAYS_AS_MUCH * as_plain or has_pictures else plain


def _letters(text: str) -> int:
    return len("".join(text.split()))


def _markdown(kind: str, part: Message, pictures: Mapping[str, int]) -> str:
    text = _text_of(part)
    if kind == "html":
        return to_markdown(text, pictures)
    if kind == "enriched":
        text = re.sub(r"<[a-zA-Z/][^<>]{0,60}>", "", text)
    if str(part.get_param("format") or "").lower() == "flowed":
        text = _unflowed(text, joined=str(part.get_param("delsp") or "").lower() == "yes")
    return from_plain(text)


def _text_of(part: Message) -> str:
    data = _payload(part)[: 4 * MAX_TEXT]
    text = decode(data, _charset(part))[:MAX_TEXT]
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(text.split("\n", MAX_LINES)[:MAX_LINES])


def _charset(part: Message) -> str:
    try:
        return str(part.get_content_charset("") or "")[:60]
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _size(part: Message) -> int:
    raw = part.get_payload()
    return len(raw) if isinstance(raw, str) else 0


def _unflowed(text: str, *, joined: bool) -> str:
    """Undo soft line breaks (RFC 3676)."""
    made: list[str] = []
    soft_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:].removeprefix(" ")
        if soft_depth == depth and made:
            made[-1] = (made[-1][:-1] if joined else made[-1]) + rest
        else:
            made.append(">" * depth + (" " if depth else "") + rest)
        soft = rest.endswith(" ") and rest != "-- "
        soft_depth = depth if soft else -1
    return "\n".join(made)


def _bytes_of(part: Message) -> bytes:
    if within := headers.inner(part):  # a message in a message
        made = BytesIO()
        generator = BytesGenerator(made, mangle_from_=False)
        for each in within[:20]:
            generator.flatten(each)
        return made.getvalue()
    return _payload(part)


def _name_of(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        name = ""
    name = headers.text(str(name)[:1_000])
    within = headers.inner(part) if part.get_content_type() == "message/rfc822" else []
    if not name and within:
        subject = headers.first(within[0], "Subject")[:100]
        name = f"{subject}.eml" if subject else ""
    return name[:300] or _EXTENSIONS.get(part.get_content_type(), "file")


_FIELD = re.compile(
    r"^(SUMMARY|LOCATION|DTSTART|DTEND)(?:;[^:\n]{0,200})?:(.{1,500})$", re.MULTILINE
)
_WHEN = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\dZ?)?")


def _calendar(data: bytes) -> str:
    """Say what a calendar file is about: its first event."""
    text = decode(data[: 64 * 1024], "utf-8").replace("\r\n", "\n")
    text = text.replace("\n ", "").replace("\n\t", "")
    event = text.partition("BEGIN:VEVENT")[2].partition("END:VEVENT")[0]
    found = dict(reversed(_FIELD.findall(event)))
    if not found:
        return ""
    words = _CONTROLS.sub("", found.get("SUMMARY", "")).replace("\\,", ",").replace("\\;", ";")
    times = [_when(found[name]) for name in ("DTSTART", "DTEND") if name in found]
    place = _CONTROLS.sub("", found.get("LOCATION", "")).replace("\\,", ",")
    lines = [f"Calendar: {words}", " to ".join(time for time in times if time), place]
    return from_plain("\n".join(line for line in lines if line.strip()))


def _when(value: str) -> str:
    found = _WHEN.fullmatch(value.strip())
    if found is None:
        return ""
    day = f"{found[1]}-{found[2]}-{found[3]}"
    zone = " UTC" if value.strip().endswith("Z") else ""
    return f"{day} {found[4]}:{found[5]}{zone}" if found[4] else day
