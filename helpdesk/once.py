"""A request that is repeated (a double click, a network that tries again) is done once.

Whoever asks gives a key with it; what came of the first request with this key is remembered in the
transaction of its change, and is the answer to every other. Keys are a person's own, bounded in
number, and kept for a day. Source: the IETF draft "The Idempotency-Key HTTP Header Field".
"""

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.clock import rfc3339
from helpdesk.errors import Invalid
from helpdesk.storage import sql

LONGEST_KEY = 255
VISIBLE = r"^[ -~]*[!-~][ -~]*$"
"""Pattern of a key: visible ASCII."""
KEPT = timedelta(days=1)
KEPT_PER_PERSON = 1_000


@dataclass(frozen=True, slots=True)
class Once:
    """Identity of a request."""

    key: str
    """1 to 255 visible characters, chosen by whoever asks."""
    digest: str = ""
    """Of the whole request, where a key that comes with another request is a mistake."""

    def __post_init__(self) -> None:
        """Check the key."""
        if not re.fullmatch(VISIBLE, self.key) or len(self.key) > LONGEST_KEY:
            expected = f"1 to {LONGEST_KEY} visible ASCII characters"
            raise Invalid("Idempotency-Key", repr(self.key[:64]), expected)


def do(
    connection: sqlite3.Connection,
    person_id: str,
    once: Once | None,
    now: datetime,
    act: Callable[[], str],
) -> str:
    """Return the id of what ``act`` makes, or of what it made for the first of equal requests."""
    if once is None:
        return act()
    query = "SELECT digest, made_id FROM requests_done WHERE person_id = ? AND key = ?"
    done = sql.row(connection, query, (person_id, once.key))
    if done is not None:
        if done["digest"] != once.digest:
            expected = "a key that no other request has used"
            raise Invalid("Idempotency-Key", repr(once.key[:64]), expected)
        return str(done["made_id"])
    made_id = act()
    connection.execute(
        "INSERT INTO requests_done (person_id, key, digest, made_id, at) VALUES (?, ?, ?, ?, ?)",
        (person_id, once.key, once.digest, made_id, rfc3339(now)),
    )
    connection.execute(
        "DELETE FROM requests_done WHERE person_id = ?1 AND (at < ?2 OR rowid <="
        " (SELECT rowid FROM requests_done WHERE person_id = ?1 ORDER BY rowid DESC"
        " LIMIT 1 OFFSET ?3))",
        (person_id, rfc3339(now - KEPT), KEPT_PER_PERSON),
    )
    return made_id


def purge(connection: sqlite3.Connection, now: datetime) -> None:
    """Forget the requests that were done more than a day ago."""
    connection.execute("DELETE FROM requests_done WHERE at < ?", (rfc3339(now - KEPT),))
