"""Recent changes for open pages: IDs only, published after each commit.

Owns the triggers, on the writer's connection alone, that note what a transaction touches; what is
rolled back was never noted. Exists so that open pages follow along without asking the database
again and again. Says of a ticket whether its submitter may know: a note changes ``updated_at``, all
else ``public_updated_at`` too. Must not know of pages or streams.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helpdesk.storage.database import Database

_SHARED = """SELECT o.id FROM main.organization_members AS m JOIN main.organizations AS o
            ON o.id = m.organization_id WHERE m.user_id = new.submitter_id AND o.shares"""
_SCHEMA = (
    "CREATE TEMP TABLE news (kind TEXT, id, submitter TEXT, organization TEXT)",
    f"""CREATE TEMP TRIGGER news_of_new_tickets AFTER INSERT ON main.tickets BEGIN
        INSERT INTO news SELECT 'public', new.id, new.submitter_id, ({_SHARED});
    END""",
    f"""CREATE TEMP TRIGGER news_of_tickets AFTER UPDATE OF updated_at ON main.tickets BEGIN
        INSERT INTO news SELECT 'staff', new.id, new.submitter_id, ({_SHARED});
    END""",
    f"""CREATE TEMP TRIGGER news_of_public_changes
    AFTER UPDATE OF public_updated_at ON main.tickets BEGIN
        INSERT INTO news SELECT 'public', new.id, new.submitter_id, ({_SHARED});
    END""",
    """CREATE TEMP TRIGGER news_of_notices AFTER INSERT ON main.notifications BEGIN
        INSERT INTO news VALUES ('notices', new.user_id, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_read_notices AFTER UPDATE OF read_at ON main.notifications BEGIN
        INSERT INTO news VALUES ('notices', new.user_id, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_sessions AFTER DELETE ON main.sessions BEGIN
        INSERT INTO news VALUES ('credential', old.token_hash, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_keys AFTER UPDATE OF revoked_at ON main.api_keys BEGIN
        INSERT INTO news VALUES ('credential', old.key_hash, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_people AFTER UPDATE OF role, disabled ON main.users
    WHEN new.role IS NOT old.role OR new.disabled IS NOT old.disabled BEGIN
        INSERT INTO news VALUES ('person', new.id, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_members AFTER INSERT ON main.organization_members BEGIN
        INSERT INTO news VALUES ('person', new.user_id, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_past_members AFTER DELETE ON main.organization_members BEGIN
        INSERT INTO news VALUES ('person', old.user_id, NULL, NULL);
    END""",
    """CREATE TEMP TRIGGER news_of_sharing AFTER UPDATE OF shares ON main.organizations
    WHEN new.shares IS NOT old.shares BEGIN
        INSERT INTO news SELECT 'person', user_id, NULL, NULL FROM main.organization_members
            WHERE organization_id = new.id;
    END""",
)


@dataclass(frozen=True, slots=True)
class TicketNews:
    """A ticket that was created or changed."""

    ticket_id: str
    submitter_id: str
    public: bool
    """Whether its submitter may know of the change."""
    organization_id: str | None = None
    """The submitter's organization, where its members see each other's tickets."""


@dataclass(frozen=True, slots=True)
class News:
    """Changes of one commit."""

    tickets: Sequence[TicketNews]
    noticed: frozenset[str]
    """Ids of the people whose notifications changed."""
    ended: frozenset[bytes]
    """Digests (``tokens.digest``) of the sessions and API keys that are no more."""
    changed_people: frozenset[str]
    """Ids of the people whose role or organization changed, or who were disabled or enabled."""


Listener = Callable[[News], None]


class ChangeFeed:
    """Tells its listeners, on the Trio thread, what each commit changed."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    @classmethod
    async def open(cls, database: Database) -> "ChangeFeed":
        """Begin to note what changes in ``database``."""
        newsroom = cls()
        await database.write(_install)
        database.observe_commits(newsroom._observe)
        return newsroom

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` behind every commit with news; it must be quick and must not raise."""
        self._listeners.append(listener)

    def _observe(self, connection: sqlite3.Connection) -> Callable[[], None] | None:
        found = connection.execute(
            "SELECT kind, id, submitter, organization FROM temp.news"
        ).fetchall()
        if not found:
            return None
        connection.execute("DELETE FROM temp.news")
        news = _news(found)
        return lambda: self._tell(news)

    def _tell(self, news: News) -> None:
        for listener in self._listeners:
            listener(news)


def _install(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA:
        connection.execute(statement)


def _news(found: Sequence[tuple[str, str | bytes, str | None, str | None]]) -> News:
    # Both triggers note a public change; that of the public column comes to stand.
    tickets: dict[str, TicketNews] = {}
    ids: dict[str, set[str | bytes]] = {"notices": set(), "credential": set(), "person": set()}
    for kind, changed, submitter, organization in found:
        if kind in ids:
            ids[kind].add(changed)
            continue
        ticket_id, known = str(changed), tickets.get(str(changed))
        public = kind == "public" or (known is not None and known.public)
        tickets[ticket_id] = TicketNews(ticket_id, str(submitter), public, organization)
    return News(
        tuple(tickets.values()),
        frozenset(map(str, ids["notices"])),
        frozenset(digest for digest in ids["credential"] if isinstance(digest, bytes)),
        frozenset(map(str, ids["person"])),
    )
