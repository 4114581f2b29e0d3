"""JSON from strangers: bounded in size and depth, without the liberties that parsers take.

Doubled keys, ``NaN``, infinite numbers, a byte order mark and unpaired surrogates are where two
readers of the same text come to differ, so each is refused here, once. Knows nothing of manifests
but the name in its messages.
"""

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from supervisor.manifest.errors import ManifestError, describe

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
_BOM = b"\xef\xbb\xbf"
# A string is one token, so that brackets in strings do not count. It matches whether it ends or
# not, and never gives a character back: else each quote of a text of quotes would read all of it.
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def read_object(raw: bytes, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Return the one JSON object in ``raw``; raise ``ManifestError`` for anything else."""
    text = _decode(raw, max_bytes)
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ManifestError("", f"not JSON ({error.msg} at {where})", "one JSON object") from None
    except ValueError:
        # Python reads integers of at most 4,300 digits.
        raise ManifestError("", "a text with a number too long", "one JSON object") from None
    if not isinstance(value, dict):
        raise ManifestError("", describe(value), "one JSON object")
    _check_surrogates(value)
    return value


def _decode(raw: bytes, max_bytes: int) -> str:
    if len(raw) > max_bytes:
        found = f"{len(raw):,} bytes long"
        raise ManifestError("", found, f"a text of at most {max_bytes:,} bytes")
    if raw.startswith(_BOM):
        raise ManifestError(
            "", "a text that begins with a byte order mark", "plain UTF-8", "save it without a BOM"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"not UTF-8 (at byte {error.start})"
        raise ManifestError("", found, "a text in UTF-8") from None


def _check_depth(text: str) -> None:
    depth = 0
    for token in _NESTING.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                found = f"nested deeper than {MAX_DEPTH} levels"
                raise ManifestError("", found, f"an object of at most {MAX_DEPTH} levels")
        elif mark in "]}":
            depth -= 1


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        double = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ManifestError("", f"an object with the key {describe(double)} twice", "each key once")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ManifestError("", f"a text with the value {name}", "JSON, which has no such value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ManifestError("", "a text with a number too large", "finite numbers alone")
    return number


def _check_surrogates(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ManifestError(
            "", "a text with half a surrogate pair", "whole Unicode characters"
        ) from None
