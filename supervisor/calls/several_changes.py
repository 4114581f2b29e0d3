"""Changes of a plugin's own database that are made together: all of them or none.

A change may say how many rows it expects to change. Where somebody else changed them meanwhile the
whole is undone, and the plugin is told so: of two people who save at once, one does.
"""

from collections.abc import Sequence
from typing import Any, Final

from supervisor.calls.named_call import DONE, NamedCall
from supervisor.calls.queries import Queries
from supervisor.query import Change, QueryRefused, RefusedBecause, granted
from supervisor.registration import needed
from supervisor.registration.grants import FunctionRefused

MOST_STATEMENTS: Final = 50
_MOST_ROWS: Final = 1_000_000_000


async def change_together(queries: Queries, call: NamedCall) -> object:
    """Make the changes of ``statements``; raises FunctionRefused.

    Return ``status`` "ok" and how many rows are ``affected``, or ``status`` "moved" and a
    ``reason``.
    """
    changes = _read(call.list("statements"))
    try:
        affected = await queries.change_together(
            call.caller.plugin_id, changes, behalf=call.behalf, deadline=call.deadline
        )
    except QueryRefused as exc:
        if exc.because is RefusedBecause.MOVED:
            return {"status": "moved", "reason": exc.text}
        raise refused(exc, "write") from None
    return {**DONE, "affected": affected}


def refused(why: QueryRefused, access: str) -> FunctionRefused:
    """Return why a statement was refused, with the grant that would allow it."""
    if why.because is RefusedBecause.PERMISSION and granted([why.table]):
        wanted = needed("db", access, why.table).text
        return FunctionRefused(f"{why.text}; grant {wanted} to allow it")
    return FunctionRefused(why.text)


def _read(listed: Sequence[Any]) -> Sequence[Change]:
    if not 1 <= len(listed) <= MOST_STATEMENTS:
        raise FunctionRefused(
            f"statements: expected 1 to {MOST_STATEMENTS} of them, found {len(listed):,}"
        )
    return [_change(at, each) for at, each in enumerate(listed, 1)]


def _change(at: int, given: Any) -> Change:
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise FunctionRefused(f"statement {at}: expected an object with query, and args")
    arguments, expect = given.get("args") or [], given.get("expect")
    if not isinstance(arguments, list):
        raise FunctionRefused(f"statement {at}: args: expected a list")
    is_number = isinstance(expect, int) and not isinstance(expect, bool)
    if expect is not None and not (is_number and 0 <= expect < _MOST_ROWS):
        raise FunctionRefused(f"statement {at}: expect: expected a number of rows")
    return Change(given["query"], tuple(arguments), expect)
