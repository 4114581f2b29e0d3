"""Plain text as Markdown that shows what was written. Pure.

Mail looks much like Markdown, which was made after it. Escaped is only what would lose or move
characters: backslashes before marks, underscores and stars in the middle of names, headings made of
a signature's dashes. So that the text stays readable where it is shown as it is.
"""

import re

_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_DOUBLE = re.compile(r"(?<!\\)(__|\*\*|~~)")
_SETEXT = re.compile(r"^( {0,3})([-=])([-=\s]*)$")
_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)")
_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})")
_INDENT = re.compile(r"^(?: {4,}|\t)")
_TABLE = re.compile(r"^[\s|:-]*-[\s|:-]*\|[\s|:-]*$|^\s*\|[\s|:-]*-[\s|:-]*$")


def from_plain(text: str) -> str:
    """Return plain text as Markdown."""
    return "\n".join(_line(line) for line in text.split("\n"))


def escaped(text: str) -> str:
    """Return text of one line as Markdown, wherever it stands."""
    text = _BACKSLASH.sub(r"\\\\", text)
    text = re.sub(r"([`*_])", r"\\\1", text)
    return text.replace("](", "]\\(").replace("~~", "\\~~")


def _line(line: str) -> str:
    line = _BACKSLASH.sub(r"\\\\", line.rstrip())
    line = _DOUBLE.sub(lambda found: "".join(f"\\{char}" for char in found[1]), line)
    line = line.replace("`", "\\`")
    if _SETEXT.match(line) or _TABLE.match(line):
        return re.sub(r"([-=|])", r"\\\1", line, count=1)
    if _HEADING.match(line):
        return _HEADING.sub(r"\1\\\2", line)
    if _FENCE.match(line):
        return _FENCE.sub(r"\1\\\2", line)
    # Four blanks would make code of a line; a no-break space keeps the indent.
    return _INDENT.sub(lambda found: "\u00a0" * len(found[0].expandtabs(4)), line)
