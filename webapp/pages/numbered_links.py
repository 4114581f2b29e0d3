"""Addresses of the ticket list as plugins write them, which know people and queues by numbers.

``/tickets?status=7&queue=12&owner=104`` becomes the list's own address; the numbers are those that
plugins read in their queries.
"""

import sqlite3
from collections.abc import Mapping

from helpdesk import numbers
from helpdesk.numbers import Kind
from helpdesk.storage.database import Database
from helpdesk.storage.numbers_step import NONE
from webapp.rendering.links import list_url

_NAMES: Mapping[str, tuple[Kind, str]] = {
    "status": ("status", "status"),
    "queue": ("category", "category"),
    "owner": ("user", "assignee"),
}
"""Parameter to the kind of its number, and the list's own name for it."""


async def own_address(
    database: Database, arguments: Mapping[str, str], *, is_staff: bool
) -> str | None:
    """Return the address that is meant; None where there is nothing to put into other words.

    Who is not staff learns of nobody by a number.
    """
    numbered = {
        name: int(text)
        for name in _NAMES
        if (text := arguments.get(name, "")).isascii() and text.isdigit() and len(text) < 16
        if is_staff or name != "owner"
    }
    if not numbered and not {"queue", "owner"} & set(arguments):
        return None
    found = await database.read(lambda connection: _ids(connection, numbered))
    kept = {
        name: value
        for name, value in arguments.items()
        if name not in numbered and name not in {"queue", "owner"}
    }
    return list_url({**kept, **found}.items())


def _ids(connection: sqlite3.Connection, numbered: Mapping[str, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, number in numbered.items():
        kind, own = _NAMES[name]
        known = numbers.id_of(connection, kind, number)
        if name == "owner" and number == NONE:
            found["unassigned"] = "1"
        else:
            # The list refuses a number of nothing by name: unfiltered, it would mislead.
            found[own] = known or str(number)
    return found
