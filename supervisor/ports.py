"""Interface that the supervisor needs from the help desk, and nothing more.

The supervisor imports nothing of the domain. The composition root passes objects in that fit
these protocols.

::

    Database       where ``store``, and nobody else, keeps the supervisor's rows: SQLite
    Outbox         the events, in order
    TicketActions  the changes that a plugin may make
    DeskCalls      the same, and mail, for plugins that know tickets by integers
    AdminNotices   what admins should know
    AuditLog       entries, each written in the transaction of its change
    Names          the names of users, for snapshots
    Reseal         seals the help desk's own secrets when the key is replaced

``Database`` and ``AuditLog`` are tied to one SQLite file on this machine: a change, its audit entry
and the events share a transaction. A plugin host on another machine would bring a ``PluginStore``
(``store.plugin_store``) of its own and the other ports over the network.
"""

import enum
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")

AuditWriter = Callable[[sqlite3.Connection, Mapping[str, object]], None]
"""Writes an entry of the audit log in the transaction of its change; the mapping says what changed,
``changed`` in place of a secret."""


Also = Callable[[sqlite3.Connection], None]
"""What is written in the transaction of a change, or not at all."""


class Database(Protocol):
    """One SQLite database with a single writer."""

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` on the writer thread inside a transaction; return once it is durable.

        The transaction is rolled back and the exception re-raised here when ``job`` raises.
        """
        ...

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` on a reader thread, on a read-only connection."""
        ...


class OutboxEvent(Protocol):
    """One event as the help desk wrote it, in the transaction of the change that it tells of."""

    @property
    def seq(self) -> int:
        """Position in the outbox: grows by commit order, never reused."""
        ...

    @property
    def id(self) -> str:
        """The event's own id, a ULID."""
        ...

    @property
    def type(self) -> str:
        """Its name, such as ``ticket.created``."""
        ...

    @property
    def ticket_id(self) -> str:
        """The ticket that it is about."""
        ...

    @property
    def origin(self) -> str | None:
        """Id of the plugin whose host call caused it; None for a person or a job."""
        ...

    @property
    def depth(self) -> int:
        """Length of the chain of plugin causes that led here; 0 for a person or a job."""
        ...

    @property
    def cause(self) -> str | None:
        """What began the chain, as ``PluginActor.cause`` named it; None for a person or a job."""
        ...

    @property
    def body(self) -> bytes:
        """The payload, a JSON object in UTF-8 without its ``config`` member."""
        ...


class Outbox(Protocol):
    """The durable, ordered list of events."""

    async def read_after(self, seq: int, limit: int) -> Sequence[OutboxEvent]:
        """Return at most ``limit`` events behind ``seq``, in order."""
        ...

    async def read_one(self, seq: int) -> OutboxEvent | None:
        """Return one event, None where it has been deleted."""
        ...

    async def last_seq(self) -> int:
        """Return the position of the newest event, 0 where there is none."""
        ...

    async def wait_beyond(self, seq: int) -> None:
        """Return once an event behind ``seq`` has been committed."""
        ...


@dataclass(frozen=True, slots=True)
class PluginActor:
    """Actor of a host call that changes a ticket: the plugin, as the supervisor knows it."""

    plugin_id: str
    name: str
    depth: int
    """Depth of the event that the plugin was handling; the change's events get one more."""
    cause: str
    """What all this follows from in the end; the change's events keep it."""


class ActionResult(enum.IntEnum):
    """Status of a host call that changes a ticket, as the guest sees it (``abi-ohd``)."""

    DONE = 0
    MALFORMED = 1
    NO_SUCH_TICKET = 2
    NOT_PERMITTED = 3
    LIMIT = 4
    HOST_ERROR = 5


class TicketActions(Protocol):
    """The changes that a plugin may make."""

    async def add_reply(
        self, actor: PluginActor, ticket_id: str, body: str, *, is_internal: bool
    ) -> ActionResult:
        """Add a public reply or an internal note in the plugin's name."""
        ...

    async def set_custom_field(
        self, actor: PluginActor, ticket_id: str, key: str, value: str
    ) -> ActionResult:
        """Set one custom field in the plugin's name."""
        ...


class DeskRefused(Exception):
    """The help desk does not do what a plugin asks; the message says why, fit for its log."""


@dataclass(frozen=True, slots=True)
class DeskAttachment:
    """A file on an article."""

    id: int
    filename: str
    content_type: str
    size: int
    """Bytes."""
    url: str


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What a plugin changes of a ticket at once; what is empty stays as it is."""

    status: str = ""
    """Its name."""
    note: str = ""
    """An internal note, which tells the staff that it mentions."""
    reply: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Custom fields by their keys."""


class DeskCalls(Protocol):
    """What plugins do that know tickets, articles and statuses by integers.

    ``person`` is the id of whoever the call is for: what they may not do is refused. None for
    nobody in particular. Every method raises DeskRefused.
    """

    async def add_article(
        self,
        actor: PluginActor,
        person: str | None,
        ticket: int,
        subject: str,
        body: str,
        *,
        is_internal: bool,
    ) -> int:
        """Write a reply or an internal note in the plugin's name; return its number."""
        ...

    async def attach(
        self, actor: PluginActor, person: str | None, article: int, name: str, content: bytes
    ) -> int:
        """Attach a file to an article; return the attachment's number."""
        ...

    async def attachments(
        self, actor: PluginActor, person: str | None, article: int
    ) -> Sequence[DeskAttachment]:
        """Return what plugins attached to an article."""
        ...

    async def set_status(
        self, actor: PluginActor, person: str | None, ticket: int, status: int
    ) -> None:
        """Change the status of a ticket."""
        ...

    async def change_ticket(
        self,
        actor: PluginActor,
        person: str | None,
        ticket: int,
        change: TicketChange,
        also: Also,
    ) -> None:
        """Make several changes and ``also``, in one transaction, in the plugin's name.

        The person only has to be one who may see the ticket. What ``also`` raises is raised.
        """
        ...

    async def fields(
        self, actor: PluginActor, person: str | None, ticket: int
    ) -> Mapping[str, str]:
        """Return all custom fields of a ticket."""
        ...

    async def set_fields(
        self,
        actor: PluginActor,
        person: str | None,
        ticket: int,
        decide: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        """Set what ``decide`` returns of the fields that there are, in one transaction."""
        ...

    async def with_fields(
        self, actor: PluginActor, person: str | None, keys: Sequence[str]
    ) -> Mapping[int, Mapping[str, str]]:
        """Return the values of these fields by the number of the ticket, newest first."""
        ...

    async def is_member(self, address: str) -> bool:
        """Tell whether somebody with an account has this address."""
        ...

    async def notify(
        self, actor: PluginActor, user: int, title: str, body: str, link: str | None
    ) -> None:
        """Leave a notice for the person with this number."""
        ...

    async def send_mail(
        self, actor: PluginActor, to: str, subject: str, text: str, html: str
    ) -> None:
        """Put a letter into the help desk's outgoing mail; ``html`` may be empty."""
        ...


Names = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Returns the names of the users among these ids; an id of nobody is left out."""

Reseal = Callable[[], Awaitable[tuple[int, tuple[str, ...]]]]
"""Seals secrets of the help desk again; returns how many, and the names of those no key opens."""


class AdminNotices(Protocol):
    """Notifications from the supervisor to the admins."""

    async def tell_admins(self, title: str, body: str, link: str) -> None:
        """Put a notice into every admin's list; ``link`` is a path of the web app."""
        ...


class AuditLog(Protocol):
    """Record of what admins did to plugins."""

    def stamp(self, actor_id: str, action: str, subject: str) -> AuditWriter:
        """Return what writes the entry; time and origin are those of the calling task."""
        ...
