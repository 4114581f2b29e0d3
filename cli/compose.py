"""Wires the help desk and the supervisor together: what one needs of the other is adapted here."""

import fcntl
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlite_utils
import trio

from cli.config import Config
from cli.errors import CannotGoOn
from cli.plugin_desk import PluginDesk
from helpdesk.actors import Actor
from helpdesk.errors import HelpDeskError, Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.files.thumbnails import NoThumbnail
from helpdesk.inbound.reading import Attempts, OpenMessage, ReaderAway, Unreadable
from helpdesk.service import MIGRATIONS, HelpDesk
from helpdesk.settings import SettingValues
from sandbox_child.runtime.settings import settings_fingerprint
from supervisor.assembly import StandIns
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.mail.errors import MailUnread
from supervisor.mail.reader import MailReader
from supervisor.pictures.errors import NoSmallPicture
from supervisor.pictures.maker import PictureMaker
from supervisor.ports import ActionResult, PluginActor
from supervisor.secrets.box import SecretBox, load_keys
from supervisor.service import HelpDeskPorts, Supervisor, open_supervisor
from supervisor.store.migrations import migrations as supervisor_migrations

DATABASE_FILE = "ohd.sqlite3"
LOCK_FILE = "server.lock"
WITH_LINES = ";lines"
"""Tells compiled code that knows its source lines from code that does not."""
_NO_STAND_INS = StandIns()
_MIGRATIONS = (*MIGRATIONS, supervisor_migrations)


@dataclass(frozen=True, slots=True)
class Actions:
    """``supervisor.ports.TicketActions`` over the help desk."""

    helpdesk: HelpDesk

    async def add_reply(
        self, actor: PluginActor, ticket_id: str, body: str, *, is_internal: bool
    ) -> ActionResult:
        """Add a reply or a note."""
        tickets = self.helpdesk.tickets
        act = tickets.note if is_internal else tickets.reply
        try:
            await act(_actor(actor), ticket_id, body)
        except HelpDeskError as exc:
            return _result(exc)
        return ActionResult.DONE

    async def set_custom_field(
        self, actor: PluginActor, ticket_id: str, key: str, value: str
    ) -> ActionResult:
        """Set a custom field."""
        try:
            await self.helpdesk.tickets.set_custom_field(_actor(actor), ticket_id, key, value)
        except HelpDeskError as exc:
            return _result(exc)
        return ActionResult.DONE


@dataclass(frozen=True, slots=True)
class Notices:
    """``supervisor.ports.AdminNotices`` over the help desk."""

    helpdesk: HelpDesk

    async def tell_admins(self, title: str, body: str, link: str) -> None:
        """Put a notice into every admin's list."""
        await self.helpdesk.notifications.notify_admins(title=title, body=body, link=link)


@dataclass(frozen=True, slots=True)
class Mail:
    """``helpdesk.inbound.reading.Reader`` over the supervisor's processes."""

    reader: MailReader

    async def read(self, message: OpenMessage, size: int, attempts: Attempts, /) -> None:
        """Read one message."""
        try:
            await self.reader.read(message, size, attempts)
        except MailUnread as exc:
            raise (Unreadable if exc.for_good else ReaderAway)(str(exc)) from None


@dataclass(frozen=True, slots=True)
class Pictures:
    """``helpdesk.files.thumbnails.Maker`` over the supervisor's processes."""

    maker: PictureMaker

    async def make(self, source: AsyncIterable[bytes], size: int, kind: str, edge: int, /) -> bytes:
        """Make one small picture."""
        try:
            return await self.maker.make(source, size, kind, edge)
        except NoSmallPicture as exc:
            raise NoThumbnail(str(exc), for_good=exc.for_good) from None


class HealthSettings:
    """The health rule as the admins have set it."""

    def __init__(self, values: SettingValues) -> None:
        self.follow(values)

    def follow(self, values: SettingValues) -> None:
        """Take over changed settings."""
        self._rule = ErrorThreshold(
            threshold=values.plugin_error_threshold / 100,
            window_s=values.plugin_error_window_minutes * 60.0,
            least=values.plugin_error_least_deliveries,
        )

    def rule(self) -> ErrorThreshold:
        """Return the rule as it is now."""
        return self._rule


def _actor(actor: PluginActor) -> Actor:
    return Actor.plugin(actor.plugin_id, actor.name, cause_depth=actor.depth, cause=actor.cause)


def _result(error: HelpDeskError) -> ActionResult:
    if isinstance(error, NotFound):
        return ActionResult.NO_SUCH_TICKET
    if isinstance(error, Invalid):
        return ActionResult.MALFORMED
    if isinstance(error, LimitReached):
        return ActionResult.LIMIT
    if isinstance(error, NotAllowed):
        return ActionResult.NOT_PERMITTED
    return ActionResult.HOST_ERROR


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that runs, except the web server."""

    helpdesk: HelpDesk
    supervisor: Supervisor


def require_help_desk(data: Path) -> None:
    """Raise CannotGoOn where no help desk lies in ``data``: a mistyped folder is not to be made."""
    if not (data / DATABASE_FILE).exists():
        raise CannotGoOn(
            f"there is no help desk in {data}; check --data (`ohd serve` and `ohd user create` "
            "create one)"
        )


@asynccontextmanager
async def open_helpdesk(config: Config) -> AsyncIterator[HelpDesk]:
    """Open the data directory's database; the directory is made where there is none."""
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    defaults = SettingValues(site_url=config.web.public_url)
    async with HelpDesk.open(
        config.data / DATABASE_FILE, migrations=[supervisor_migrations], defaults=defaults
    ) as helpdesk:
        yield helpdesk


@asynccontextmanager
async def open_application(
    config: Config, *, run_plugins: bool, stand_ins: StandIns = _NO_STAND_INS
) -> AsyncIterator[Application]:
    """Open everything over the data directory, which nobody else may have open.

    ``run_plugins``: whether the enabled plugins are started.
    """
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(config.data):
        async with open_helpdesk(config) as helpdesk:
            key, *older = await trio.to_thread.run_sync(load_keys, config.supervisor.key_file)
            box = SecretBox(key, older)
            helpdesk.mail.sealer = helpdesk.apps.sealer = box
            health = HealthSettings(await helpdesk.settings.all())
            helpdesk.settings.observe(health.follow)
            ports = HelpDeskPorts(
                helpdesk.database,
                helpdesk.outbox,
                Actions(helpdesk),
                Notices(helpdesk),
                helpdesk.audit,
                helpdesk.users.names,
                helpdesk.database.path,
                PluginDesk(helpdesk),
                health_rule=health.rule,
                reseal=partial(_reseal, helpdesk),
                stand_ins=stand_ins,
            )
            async with open_supervisor(
                config.supervisor,
                ports,
                box,
                settings_fingerprint() + (WITH_LINES if config.supervisor.source_lines else ""),
                run_plugins=run_plugins,
            ) as supervisor:
                helpdesk.thumbnails.maker = Pictures(supervisor.pictures)
                helpdesk.intake.reader = Mail(supervisor.mail)
                yield Application(helpdesk, supervisor)


async def _reseal(helpdesk: HelpDesk) -> tuple[int, tuple[str, ...]]:
    """Seal the help desk's own secrets with the key that seals now."""
    mail, unreadable = await helpdesk.mail.reseal()
    apps, more = await helpdesk.apps.reseal()
    return mail + apps, (*unreadable, *more)


def known_migrations() -> set[tuple[str, str]]:
    """Return every change of the database's form that this version knows: set and name."""
    nothing = sqlite_utils.Database(memory=True)
    try:
        return {(each.name, step.name) for each in _MIGRATIONS for step in each.pending(nothing)}
    finally:
        nothing.close()


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data directory's lock; raises CannotGoOn where another process holds it."""
    descriptor = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotGoOn(f"another ohd process is using the data directory {data}") from None
        yield
    finally:
        os.close(descriptor)
