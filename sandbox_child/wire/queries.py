"""The messages of a query process, and the tables that its SQL may name.

To the process::

    QUERY      [20, seq]                          blob: a ``Question``, msgpack
    EXECUTE    [21, seq]                          blob: a ``Question``, msgpack
    TOGETHER   [22, seq]                          blob: ``Changes``, msgpack

From it, besides READY, and RESULT for seq 0 where it could not start::

    ROWS       [30, seq, affected]                blob: JSON, an array of objects or ``null``
    REFUSED    [31, seq, because, table]          blob: the reason, UTF-8

One question at a time. ``table`` is the name of a table that was not granted, else empty.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgpack

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import Head

QUERY: Final = 20
EXECUTE: Final = 21
TOGETHER: Final = 22
ROWS: Final = 30
REFUSED: Final = 31

MAX_REASON: Final = 2000
"""Bytes of a reason."""
MAX_TABLE: Final = 64
"""Bytes of a table's name."""
_UINT_LIMIT: Final = 1 << 63

Value = str | int | float | bool | None

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket": (
        *("id", "tn", "title", "queue_id", "type_id", "user_id", "responsible_user_id"),
        *("ticket_priority_id", "ticket_state_id", "customer_user_id", "escalation_time"),
        *("create_time", "change_time"),
    ),
    "ticket_state": ("id", "name", "type_id", "valid_id"),
    "ticket_state_type": ("id", "name"),
    "queue": ("id", "name", "group_id", "valid_id"),
    "ticket_priority": ("id", "name", "valid_id"),
    "ticket_type": ("id", "name", "valid_id"),
    "users": ("id", "login", "first_name", "last_name", "valid_id"),
    "user_preferences": ("user_id", "preferences_key", "preferences_value"),
    "groups": ("id", "name", "valid_id"),
    "roles": ("id", "name", "valid_id"),
    "group_user": ("user_id", "group_id", "permission_key"),
    "role_user": ("user_id", "role_id"),
    "group_role": ("role_id", "group_id", "permission_key", "permission_value"),
    "ticket_times": (
        *("ticket_id", "created", "answered", "resolved", "reopened", "group_id"),
        *("queue_id", "user_id", "ticket_priority_id", "ticket_state_id"),
    ),
    "ticket_reopenings": ("ticket_id", "resolved", "reopened"),
    "time_accounting": ("ticket_id", "time_unit", "create_time", "create_by"),
}
"""The tables that a plugin's SQL finds, with their columns."""


class Because(enum.IntEnum):
    """Errors of statements that were not executed."""

    PERMISSION = 1
    """It names a table that was not granted."""
    SQL = 2
    """It is not SQL that is served."""
    LIMIT = 3
    """It asked for more than is given to anybody."""
    TIMEOUT = 4
    FAILED = 5
    """The fault is on this side."""
    MOVED = 6
    """A change of several did not find as many rows as it expects: none was made."""


class For(enum.IntEnum):
    """Whom a question is asked for."""

    NOBODY = 0
    PERSON = 1
    EVERYTHING = 2
    """All that was granted."""


@dataclass(frozen=True, slots=True)
class Question:
    """One statement."""

    sql: str
    arguments: tuple[Value, ...]
    seconds: float
    """Left until the deadline."""
    asked_for: For = For.EVERYTHING
    person: str = ""
    """The id of the account, for ``PERSON``."""
    tables: tuple[str, ...] = ()
    """Names that were granted."""


@dataclass(frozen=True, slots=True)
class Change:
    """One of several statements that are executed together."""

    sql: str
    arguments: tuple[Value, ...] = ()
    expect: int | None = None
    """How many rows it has to change; None: any number."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Statements that are executed in their order, all or none."""

    changes: tuple[Change, ...]
    seconds: float
    """Left until the deadline."""


def pack_changes(asked: Changes) -> bytes:
    """Encode changes; raises ValueError or TypeError for values that do not fit."""
    listed = [(each.sql, each.arguments, each.expect) for each in asked.changes]
    packed: bytes = msgpack.packb([listed, asked.seconds])
    return packed


def unpack_changes(packed: bytes) -> Changes:
    """Decode changes; they come from the supervisor, which is trusted."""
    listed, seconds = msgpack.unpackb(packed, use_list=False)
    return Changes(tuple(Change(*each) for each in listed), seconds)


def pack_question(question: Question) -> bytes:
    """Encode a question; raises ValueError or TypeError for values that do not fit."""
    packed: bytes = msgpack.packb(
        [
            *(question.sql, question.arguments, question.seconds),
            *(int(question.asked_for), question.person, question.tables),
        ]
    )
    return packed


def unpack_question(packed: bytes) -> Question:
    """Decode a question; it comes from the supervisor, which is trusted."""
    sql, arguments, seconds, asked_for, person, tables = msgpack.unpackb(packed, use_list=False)
    return Question(sql, arguments, seconds, For(asked_for), person, tables)


def check_answer(head: Head, seq: int) -> tuple[int, Any]:
    """Return ROWS and what was affected, or REFUSED and (because, table).

    Raises MessageError for any head that is not an answer to ``seq`` in its exact shape.
    """
    match head:
        case (int(kind), int(answered), int(affected)) if kind == ROWS and answered == seq:
            if type(affected) is int and 0 <= affected < _UINT_LIMIT:
                return ROWS, affected
        case (int(kind), int(answered), int(because), str(table)) if (
            kind == REFUSED and answered == seq
        ):
            if because in _REASONS and (table in TABLES or not table):
                return REFUSED, (Because(because), table)
    raise MessageError("an answer that has no shape of one")


_REASONS = frozenset(int(reason) for reason in Because)
