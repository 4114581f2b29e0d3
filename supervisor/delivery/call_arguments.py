"""Arguments of a call as the delivery log keeps them: JSON without secrets, and short. Pure.

What people send to a plugin's page may be anything, a password in a form among it: values under
names that say so are left out, and so are the plugin's own secrets.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

READ_BYTES = 64 * 1024
"""More is not looked at: the log says how much it was."""
KEPT = 4_000
"""Characters that are kept."""
_VALUE = 300
_ITEMS = 50
_DEPTH = 4
_HIDDEN = "(hidden)"
_SECRET = re.compile(
    r"passw|passphrase|secret|token|authori[sz]ation|api_?key|private_?key|credential|cookie|csrf|"
    r"session|signature|\bpin\b|otp",
    re.IGNORECASE,
)


def shown_arguments(arguments: bytes, redact: Callable[[str], str]) -> str | None:
    """Return what is kept of arguments, None where there are none."""
    if not arguments:
        return None
    if len(arguments) > READ_BYTES:
        return msgspec.json.encode(f"({len(arguments):,} bytes)").decode()
    try:
        found = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return msgspec.json.encode("(not JSON)").decode()
    text = redact(msgspec.json.encode(_short(found, redact, _DEPTH)).decode())
    if len(text) > KEPT:
        return msgspec.json.encode(f"{text[:KEPT]}…").decode()
    return text


def _short(value: Any, redact: Callable[[str], str], depth: int) -> Any:
    if isinstance(value, str):
        # Redacted before it is cut: a secret may stand across the end.
        text = redact(value)
        return text if len(text) <= _VALUE else f"{text[:_VALUE]}…"
    if isinstance(value, dict | list) and depth == 0:
        return "…"
    if isinstance(value, dict):
        kept = list(value.items())[:_ITEMS]
        return {
            redact(name)[:_VALUE]: _HIDDEN if _SECRET.search(name) else _short(v, redact, depth - 1)
            for name, v in kept
        } | ({"…": f"{len(value) - _ITEMS:,} more"} if len(value) > _ITEMS else {})
    if isinstance(value, list):
        shown = [_short(v, redact, depth - 1) for v in value[:_ITEMS]]
        return [*shown, "…"] if len(value) > _ITEMS else shown
    return value
