"""``supervisor.ports.DeskCalls`` over the help desk: what plugins do that know it by integers."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote

from helpdesk import checks, numbers
from helpdesk.actors import Actor
from helpdesk.articles import Alteration
from helpdesk.errors import HelpDeskError
from helpdesk.mail import letters, outgoing
from helpdesk.mail.letters import Letter
from helpdesk.service import HelpDesk
from helpdesk.storage import sql
from supervisor.ports import Also, DeskAttachment, DeskRefused, PluginActor, TicketChange

_NO_MAIL = "not sent: the help desk sends no mail; an admin sets it up under Mail"


@dataclass(frozen=True, slots=True)
class PluginDesk:
    """See the module."""

    helpdesk: HelpDesk

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
        """Write a reply or a note."""
        with _refusals():
            return await self.helpdesk.articles.add(
                _acting(actor, person), ticket, subject, body, internal=is_internal
            )

    async def attach(
        self, actor: PluginActor, person: str | None, article: int, name: str, content: bytes
    ) -> int:
        """Attach a file."""
        with _refusals():
            return await self.helpdesk.articles.attach(
                _acting(actor, person), article, name, content
            )

    async def attachments(
        self, actor: PluginActor, person: str | None, article: int
    ) -> Sequence[DeskAttachment]:
        """List attachments."""
        with _refusals():
            found = await self.helpdesk.articles.attachments(_acting(actor, person), article)
        return [
            DeskAttachment(
                one.number,
                one.file.name,
                one.file.kind,
                one.file.size,
                f"/files/{one.file.id}/{quote(one.file.name, safe='')}",
            )
            for one in found
        ]

    async def set_status(
        self, actor: PluginActor, person: str | None, ticket: int, status: int
    ) -> None:
        """Change a status."""
        acting = replace(_acting(actor, person), may_set_status=True)
        with _refusals():
            await self.helpdesk.articles.set_status(acting, ticket, status)

    async def change_ticket(
        self,
        actor: PluginActor,
        person: str | None,
        ticket: int,
        change: TicketChange,
        also: Also,
    ) -> None:
        """Make several changes at once."""
        acting = replace(_acting(actor, person), may_set_status=True, may_mention=True)
        asked = Alteration(change.status, change.note, change.reply, change.fields)
        with _refusals():
            await self.helpdesk.articles.alter(acting, ticket, asked, also)

    async def fields(
        self, actor: PluginActor, person: str | None, ticket: int
    ) -> Mapping[str, str]:
        """Return custom fields."""
        with _refusals():
            return await self.helpdesk.articles.fields(_acting(actor, person), ticket)

    async def set_fields(
        self,
        actor: PluginActor,
        person: str | None,
        ticket: int,
        decide: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        """Set custom fields."""
        with _refusals():
            await self.helpdesk.articles.set_fields(_acting(actor, person), ticket, decide)

    async def with_fields(
        self, actor: PluginActor, person: str | None, keys: Sequence[str]
    ) -> Mapping[int, Mapping[str, str]]:
        """Find tickets by custom fields."""
        with _refusals():
            return await self.helpdesk.articles.with_fields(_acting(actor, person), keys)

    async def is_member(self, address: str) -> bool:
        """Tell whether somebody with an account that is not disabled has this address."""
        try:
            known = checks.email(address)
        except HelpDeskError:
            return False
        query = "SELECT 1 FROM users WHERE email = ? AND NOT disabled"
        found = await self.helpdesk.database.read(lambda c: sql.scalar(c, query, (known,)))
        return found is not None

    async def notify(
        self, actor: PluginActor, user: int, title: str, body: str, link: str | None
    ) -> None:
        """Leave a notice."""
        find = partial(numbers.id_of, kind="user", number=user)
        with _refusals():
            person = await self.helpdesk.database.read(find)
            if person is None:
                raise DeskRefused(f"user_id: nobody has the number {user}")
            signed = f"{body}\n\n{actor.name}".strip()
            await self.helpdesk.notifications.notify(person, title=title, body=signed, link=link)

    async def send_mail(
        self, actor: PluginActor, to: str, subject: str, text: str, html: str
    ) -> None:
        """Put a letter into the outgoing queue."""
        del actor
        now = self.helpdesk.clock.now()
        with _refusals():
            letter = Letter(
                to=checks.email(to),
                subject=letters.one_line(subject, 250),
                text=text,
                kind="plugin",
                html=html,
            )

            def job(connection: sqlite3.Connection) -> str | None:
                return outgoing.enqueue(connection, letter, now)

            queued = await self.helpdesk.database.write(job)
        if queued is None:
            raise DeskRefused(_NO_MAIL)


@contextmanager
def _refusals() -> Iterator[None]:
    """Let what the help desk refuses be the port's error."""
    try:
        yield
    except HelpDeskError as exc:
        raise DeskRefused(str(exc)) from None


def _acting(actor: PluginActor, person: str | None) -> Actor:
    acting = Actor.plugin(actor.plugin_id, actor.name, cause_depth=actor.depth, cause=actor.cause)
    return replace(acting, person_id=person)
