"""Text made fit to be stored and shown: a plugin's, bounded and without control characters; times.

A log line or a trap message is the guest's to choose. Terminal escapes, line breaks and characters
that turn the reading direction would let it forge what an operator reads. They are shown escaped,
as Python writes them; line ends and the letters of every language stay as they are.
"""

import re
import unicodedata
from datetime import UTC, datetime

import msgspec

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_BESIDE = "\\s\u200b-\u200f"
_UNITS = re.compile(
    "(?P<line_end>\r\n|[\n\r\x85\u2028\u2029])"
    # The flag of a region: a black flag, its letters as tags, and their end (UTS 51, ED-14a).
    "|(?P<kept>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
    # A joiner or non-joiner between two characters, one of them beyond ASCII: emoji, Persian, the
    # scripts of India.
    f"|(?<=[^\\x00-\\x7f{_BESIDE}])[\u200c\u200d](?=[^{_BESIDE}])"
    f"|(?<=[^{_BESIDE}])[\u200c\u200d](?=[^\\x00-\\x7f{_BESIDE}]))"
    "|.",
)


def clean_text(text: str, limit: int, *, lines: bool = True) -> str:
    """Return ``text`` with what cannot be seen escaped, and at most ``limit`` characters of it.

    ``lines``: whether line ends stay, each as a line feed, and tabs; otherwise they are escaped
    too. What was cut ends in an ellipsis.
    """
    shown = text[:limit]
    if shown.isascii() and shown.isprintable():
        return shown if len(text) <= limit else shown + "…"
    pieces: list[str] = []
    room = limit
    for unit in _UNITS.finditer(shown):
        piece = _shown(unit, lines=lines)
        if (room := room - len(piece)) < 0:
            return "".join(pieces) + "…"
        pieces.append(piece)
    return "".join(pieces) if len(text) <= limit else "".join(pieces) + "…"


def _shown(unit: re.Match[str], *, lines: bool) -> str:
    found = unit[0]
    if unit["line_end"]:
        return "\n" if lines else _escaped(found)
    if unit["kept"] or (lines and found == "\t"):
        return found
    return _escaped(found) if _is_hidden(found) else found


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    # What this version of Unicode has not assigned may be a letter of a newer one.
    return category in _HIDDEN or (category == "Cn" and _is_never_a_letter(ord(char)))


def _is_never_a_letter(point: int) -> bool:
    """Tell a noncharacter, or a place that is kept for invisible characters."""
    return (
        point & 0xFFFE == 0xFFFE
        or 0xFDD0 <= point <= 0xFDEF
        or 0xFFF0 <= point <= 0xFFF8
        or 0xE0000 <= point <= 0xE0FFF
        or point == 0x2065
    )


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def timestamp(milliseconds: int) -> str:
    """Return RFC 3339 in UTC, with milliseconds and ``Z``."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_problem(raw: bytes) -> str | None:
    """Return why bytes are no JSON, None where they are. Takes 10 ms a megabyte."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "bytes that are not JSON"
    return None


def counted(count: float, thing: str, many: str = "") -> str:
    """Return how many of a thing there are: ``1 ticket``, ``1,200 tickets``."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {thing if count == 1 else many or thing + 's'}"
