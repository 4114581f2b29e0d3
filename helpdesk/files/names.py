"""Names of files that people send: kept as far as they are harmless on every system. Pure.

A name is shown, and offered to the browser for a download; it is never a path on this server.
"""

import re
import unicodedata

from helpdesk.checks import cleaned
from helpdesk.text import normalized

LONGEST = 150
"""Characters; with its ending kept."""
_USUAL = "file"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Devices of Windows, whatever their ending."""
_LONGEST_ENDING = 20


def safe_name(sent: str) -> str:
    """Return the last part of what was sent, without what turns, hides or leads elsewhere."""
    last = " ".join(cleaned(sent).replace("\\", "/").rpartition("/")[2].split())
    # Marks that turn direction would make ``gnp.exe`` look like ``exe.png``.
    shown = "".join(
        char for char in normalized("NFC", last) if unicodedata.category(char)[0] != "C"
    )
    name = " ".join(_FORBIDDEN.sub("_", shown).split()).strip(". ")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return _cut(name) or _USUAL


def _cut(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > _LONGEST_ENDING:
        return name[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
