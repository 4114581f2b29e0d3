"""Rows as JSON: an array of objects, ``null`` where there are none; bounded as they come."""

import json
import math
import sqlite3
from dataclasses import dataclass

from sandbox_child.query.errors import Refused
from sandbox_child.wire.queries import Because

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Caps:
    """What one answer may be."""

    rows: int
    size: int
    """Bytes of JSON."""


def to_json(cursor: sqlite3.Cursor, caps: Caps) -> bytes:
    """Return all that a query yields. Raises Refused where it is more than an answer may be."""
    names = [column[0] for column in cursor.description or ()]
    parts: list[bytes] = []
    size = 2
    for row in cursor:
        if len(parts) == caps.rows:
            raise Refused(Because.LIMIT, f"more than {caps.rows} rows; ask for fewer with LIMIT")
        part = _encode(dict(zip(names, map(_value, row), strict=True))).encode()
        size += len(part) + 1
        if size > caps.size:
            raise Refused(
                Because.LIMIT,
                f"more than {caps.size} bytes of result; ask for fewer rows or columns",
            )
        parts.append(part)
    return b"[" + b",".join(parts) + b"]" if parts else b"null"


def _value(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
