"""Text of a plugin, made fit to be stored and shown: bounded, and without control characters.

A log line or a trap message is the guest's to choose. Terminal escapes, line breaks and characters
that turn the reading direction would let it forge what an operator reads.
"""

import unicodedata

_KEPT = {"\n", "\t"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_text(text: str, limit: int, *, lines: bool = True) -> str:
    """Return ``text`` with what cannot be seen replaced, and at most ``limit`` characters of it.

    ``lines``: whether line breaks and tabs stay.
    """
    kept = _KEPT if lines else set()
    shown = text[:limit]
    if shown.isascii() and shown.isprintable():
        return shown if len(text) <= limit else shown + "…"
    cleaned = "".join(
        c if c in kept or unicodedata.category(c) not in _HIDDEN else "\N{REPLACEMENT CHARACTER}"
        for c in shown
    )
    return cleaned if len(text) <= limit else cleaned + "…"
