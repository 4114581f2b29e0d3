"""What is new in a text, and what it quotes. Pure; texts are those of people and their programs.

A quotation at the end is cut off where the message answers another: the lines that begin with ``>``
with the line that introduces them, or all from where a program begins to repeat the message before.
What is answered in between stays where it is, and so does what is forwarded.
"""

import re

MARK = "\x1f"
"""Stands in a text where its program says that a quotation begins."""
MOST_LINES = 20_000

_ORIGINAL = re.compile(
    r"^\s*-{2,}\s*(original message|ursprüngliche nachricht|originalnachricht|"
    r"message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht|"
    r"reply message|antwort)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*(\\?_){10,}\s*$")
_FROM = re.compile(r"^\s*\**(from|von|de|da|van|od|från)\s?:\**\s?\S", re.IGNORECASE)
_SENT = re.compile(
    r"^\s*\**(sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden|skickat)\s?:\**\s?\S",
    re.IGNORECASE,
)
_TO = re.compile(
    r"^\s*\**(to|an|à|para|a|aan|till|subject|betreff|objet)\s?:\**\s?\S", re.IGNORECASE
)
_BEGINS = re.compile(r"(on|am|le|el|il|op|den|dnia)\b.{4}", re.IGNORECASE)
_INTRODUCES = re.compile(
    r"(wrote|schrieb|schreef|a écrit|escribió|ha scritto|skrev|napisał)\b.{0,80}:\s*$|"
    r"^(on|am|le|el|il|op)\b.{8,300}:\s*$",
    re.IGNORECASE,
)


def split(text: str, *, answers: bool) -> tuple[str, str]:
    """Return what is new and what is quoted at the end; nothing is cut off that is all there is.

    ``answers``: whether the message answers another.
    """
    text = text.strip("\n")
    if not answers:
        return text.replace(MARK, "").strip(), ""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        return text.replace(MARK, "").strip(), ""
    at = _begins(lines)
    fresh = "\n".join(lines[:at]).replace(MARK, "").strip()
    quoted = "\n".join(lines[at:]).replace(MARK, "").strip()
    if not fresh:
        return text.replace(MARK, "").strip(), ""
    return fresh, quoted


def _begins(lines: list[str]) -> int:
    """Return the first line of what is quoted; their number where nothing is."""
    end = _repeats(lines)
    end = min(end, _arrows(lines[:end]))
    return _with_introduction(lines, end) if end < len(lines) else end


def _repeats(lines: list[str]) -> int:
    for at, line in enumerate(lines):
        if MARK in line or _ORIGINAL.match(line) or (at and _is_head(lines, at)):
            return at - 1 if at and _RULE.match(lines[at - 1]) else at
    return len(lines)


def _is_head(lines: list[str], at: int) -> bool:
    """Tell whether programs' headers of a quoted message begin here."""
    if not _FROM.match(lines[at]):
        return False
    behind = [line for line in lines[at + 1 : at + 7] if line.strip()][:4]
    return any(_SENT.match(line) for line in behind) and any(_TO.match(line) for line in behind)


def _arrows(lines: list[str]) -> int:
    """Return where a block of ``>`` at the end begins."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    at = end
    while at and (lines[at - 1].lstrip().startswith(">") or not lines[at - 1].strip()):
        at -= 1
    quoted = any(line.lstrip().startswith(">") for line in lines[at:end])
    return at if quoted else len(lines)


def _with_introduction(lines: list[str], at: int) -> int:
    """Take along the line, or the two or three, that say who wrote what follows."""
    above = at
    while above and not lines[above - 1].strip():
        above -= 1
    for height in (3, 2, 1):
        begin = above - height
        said = [line.strip() for line in lines[max(0, begin) : above]]
        if begin < 0 or not all(said) or (height > 1 and not _BEGINS.match(said[0])):
            continue
        if _INTRODUCES.search(" ".join(said)):
            return begin
    return at
