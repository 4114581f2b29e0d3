"""Turns a new fork into a query process: open, warm up, lock down, serve.

Both databases are opened before the lockdown, which takes the right to open anything, and so is
everything that Python and SQLite make at first use: a rehearsal runs one statement of each kind.
"""

import os
import sqlite3
import sys
import time
from typing import NoReturn

from sandbox_child.child import lock_down_or_refuse, refuse
from sandbox_child.lockdown import process
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.plans import Surroundings, query_plan
from sandbox_child.query.desk import Desk
from sandbox_child.query.errors import Refused
from sandbox_child.query.files import database_files
from sandbox_child.wire.frames import FrameDecoder, encode_frame
from sandbox_child.wire.messages import READY
from sandbox_child.wire.queries import (
    EXECUTE,
    MAX_REASON,
    QUERY,
    REFUSED,
    ROWS,
    TOGETHER,
    Because,
    unpack_changes,
    unpack_question,
)
from sandbox_child.wire.spec import QuerySpec

_READ_BYTES = 256 * 1024
_MOST_FRAMES = 5_000
"""Of Python: what a statement nested as deeply as is allowed takes to be written."""


def run_query(spec: QuerySpec, around: Surroundings) -> NoReturn:
    """Never returns. Descriptors 0 and 1 are the pipes already."""
    process.set_name("ohd-query")
    sys.setrecursionlimit(_MOST_FRAMES)
    os.environ["TZ"] = f":{spec.zone_file}" if spec.zone_file else "UTC0"
    time.tzset()
    try:
        desk = Desk(spec)
        desk.bound_memory()
        desk.rehearse()
    except (sqlite3.Error, OSError) as exc:
        refuse(f"a database cannot be opened: {exc}")
    files = database_files(spec.helpdesk, desk.own_path)
    plan = query_plan(spec.cage, around, files, max_file_bytes=2 * spec.own_bytes)
    zone = os.environ["TZ"]

    def keep_zone() -> None:
        # The C library looks for it again and again; as it is what it was, no file is read again.
        os.environ["TZ"] = zone

    controls = lock_down_or_refuse(plan, keep_zone)
    _write(encode_frame((READY, 0), controls))
    _serve(desk, spec)


def _serve(desk: Desk, spec: QuerySpec) -> NoReturn:
    decoder = FrameDecoder(_most_of_a_question(spec))
    while data := os.read(PIPE_IN, _READ_BYTES):
        for head, blob in decoder.feed(data):
            _write(_answer(desk, head[0], head[1], blob))
    os._exit(0)


def _most_of_a_question(spec: QuerySpec) -> int:
    characters = spec.max_sql_bytes + spec.max_value_bytes
    return 4 * characters + 16 * spec.max_arguments + 64 * 1024


def _answer(desk: Desk, kind: int, seq: int, blob: bytes) -> bytes:
    try:
        if kind == TOGETHER:
            return encode_frame((ROWS, seq, desk.change_together(unpack_changes(blob))), b"null")
        question = unpack_question(blob)
        if kind == QUERY:
            return encode_frame((ROWS, seq, 0), desk.query(question))
        if kind == EXECUTE:
            return encode_frame((ROWS, seq, desk.execute(question)), b"null")
        refused = Refused(Because.FAILED, "a question of an unknown kind")
    except Refused as exc:
        refused = exc
    except MemoryError:
        refused = Refused(Because.LIMIT, "the statement needs more memory than there is for it")
    except RecursionError:
        refused = Refused(Because.LIMIT, "the statement is nested too deeply")
    reason = refused.reason.encode("utf-8", "replace")[:MAX_REASON]
    return encode_frame((REFUSED, seq, int(refused.because), refused.table), reason)


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(PIPE_OUT, rest) :]
