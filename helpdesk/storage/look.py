"""One look at the database: many reads on one thread, over one snapshot.

A page asks a dozen services. Each would wait for a thread of its own, and each would see the
database of another moment. In a look, the coroutine that asks them runs on the reader's thread
from its first step to its last, and every ``Database.read`` in it uses that one connection.
"""

import sqlite3
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_connection: ContextVar[sqlite3.Connection | None] = ContextVar("look", default=None)


def connection_of_look() -> sqlite3.Connection | None:
    """Return the connection of the look that the caller runs in; None outside of one."""
    return _connection.get()


def run_look(connection: sqlite3.Connection, reads: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``reads()`` to its end on this thread.

    Raises:
        RuntimeError: it waits for something other than a read. Nothing could wake it here.
    """
    token = _connection.set(connection)
    coroutine = reads()
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        coroutine.close()
        _connection.reset(token)
    raise RuntimeError("a look only reads; wait for anything else before it or behind it")
