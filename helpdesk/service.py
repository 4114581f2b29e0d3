"""``HelpDesk``: the services bundled over one database.

Owns their wiring and nothing else. Use::

    async with HelpDesk.open(path) as helpdesk:
        ticket = await helpdesk.tickets.create(user.actor, TicketDraft("Subject", "Description"))
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sqlite_utils.migrations import Migrations

from helpdesk import ids
from helpdesk.api_keys import ApiKeys
from helpdesk.articles import ARTICLE_MIGRATIONS, Articles
from helpdesk.audit import AUDIT_MIGRATIONS, AuditLog
from helpdesk.canned import CANNED_MIGRATIONS, CannedReplies
from helpdesk.catalogue import Catalogue
from helpdesk.change_feed import ChangeFeed
from helpdesk.clock import Clock, SystemClock
from helpdesk.dashboards import DASHBOARD_MIGRATIONS, Dashboards
from helpdesk.drafts import DRAFT_MIGRATIONS, Drafts
from helpdesk.factors.app import AuthenticatorApps
from helpdesk.factors.overview import Factors
from helpdesk.factors.passkeys import Passkeys
from helpdesk.factors.recovery import RecoveryCodes
from helpdesk.factors.sign_in import SignIn
from helpdesk.factors.tables import FACTOR_MIGRATIONS
from helpdesk.files.scanning import Scanning
from helpdesk.files.service import FILE_MIGRATIONS, Files
from helpdesk.files.store import FileStore
from helpdesk.files.thumbnails import Thumbnails
from helpdesk.first_run import FirstRun
from helpdesk.groups import Groups
from helpdesk.inbound.imap import MailboxWatch
from helpdesk.inbound.intake import Intake
from helpdesk.invitations import INVITATION_MIGRATIONS, Invitations
from helpdesk.mail.administration import MailAdministration
from helpdesk.mail.choices import Choices
from helpdesk.mail.oauth import Tokens
from helpdesk.mail.sender import Sender
from helpdesk.mail.settings import MailSettings
from helpdesk.mail.tables import MAIL_MIGRATIONS
from helpdesk.notifications import Notifications
from helpdesk.outbox import Outbox
from helpdesk.passwords import Passwords
from helpdesk.requesters.organizations import Organizations
from helpdesk.requesters.sign_up import SignUps
from helpdesk.requesters.tables import REQUESTER_MIGRATIONS
from helpdesk.saved_views import VIEW_MIGRATIONS, SavedViews
from helpdesk.sessions import Sessions
from helpdesk.settings import Settings, SettingValues
from helpdesk.statuses import Statuses
from helpdesk.storage.database import Database, ReadDatabase
from helpdesk.storage.migrations import HELPDESK_MIGRATIONS
from helpdesk.storage.newest import newest_id
from helpdesk.tickets.followers import FOLLOWER_MIGRATIONS, Followers
from helpdesk.tickets.links import LINK_MIGRATIONS, Links
from helpdesk.tickets.marks import Marks
from helpdesk.tickets.merge import MERGE_MIGRATIONS, Merges
from helpdesk.tickets.rating import RATING_MIGRATIONS
from helpdesk.tickets.ratings import Ratings
from helpdesk.tickets.search import SEARCH_MIGRATIONS
from helpdesk.tickets.service import Tickets
from helpdesk.tickets.spelling import SPELLING_MIGRATIONS
from helpdesk.tickets.split import Splits
from helpdesk.tickets.tags import TAG_MIGRATIONS
from helpdesk.users import Users

ORIGINALS_FOLDER = "mail"
"""Messages as they came, beside the database."""
MIGRATIONS = (
    HELPDESK_MIGRATIONS,
    AUDIT_MIGRATIONS,
    CANNED_MIGRATIONS,
    TAG_MIGRATIONS,
    VIEW_MIGRATIONS,
    FOLLOWER_MIGRATIONS,
    LINK_MIGRATIONS,
    MERGE_MIGRATIONS,
    SEARCH_MIGRATIONS,
    SPELLING_MIGRATIONS,
    DRAFT_MIGRATIONS,
    FILE_MIGRATIONS,
    INVITATION_MIGRATIONS,
    FACTOR_MIGRATIONS,
    MAIL_MIGRATIONS,
    DASHBOARD_MIGRATIONS,
    ARTICLE_MIGRATIONS,
    REQUESTER_MIGRATIONS,
    RATING_MIGRATIONS,
)
"""Every table of the domain, set by set, in the order in which they are made."""


class HelpDesk:
    """All services of the domain. Make one with ``HelpDesk.open``."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        news: ChangeFeed,
        *,
        clock: Clock,
        defaults: SettingValues,
        passwords: Passwords,
    ) -> None:
        self.database = database
        self.outbox = outbox
        self.news = news
        self.clock = clock
        self.passwords = passwords
        self.audit = AuditLog(database, clock)
        self.settings = Settings(database, defaults, self.audit)
        self.users = Users(database, clock, passwords, self.audit)
        self.first_run = FirstRun(database, clock, passwords, self.audit)
        self.invitations = Invitations(database, clock, passwords, self.audit, self.settings)
        self.sign_ups = SignUps(database, clock, passwords, self.audit, self.settings)
        self.organizations = Organizations(database, self.audit)
        self.groups = Groups(database, self.audit)
        self.catalogue = Catalogue(database, self.audit)
        self.statuses = Statuses(database, self.audit)
        self.sessions = Sessions(database, clock, self.settings, self.audit)
        self.factors = Factors(database, clock, self.audit)
        self.apps = AuthenticatorApps(database, clock, self.audit)
        self.passkeys = Passkeys(database, clock, self.audit)
        self.recovery_codes = RecoveryCodes(database, clock, self.audit)
        self.sign_in = SignIn(
            database,
            clock,
            users=self.users,
            sessions=self.sessions,
            apps=self.apps,
            audit=self.audit,
        )
        self.api_keys = ApiKeys(database, clock, self.audit)
        self.notifications = Notifications(database, clock)
        self.choices = Choices(database)
        self.mail = MailSettings(database, clock, self.audit)
        self.letters = MailAdministration(database, clock, self.audit)
        self.mail_tokens = Tokens(self.mail)
        self.sender = Sender(database, clock, self.settings, self.mail, self.mail_tokens)
        self.dashboards = Dashboards(database)
        self.views = SavedViews(database, self.audit)
        self.canned = CannedReplies(database, self.settings, self.audit)
        store = FileStore(database.path.parent / "files")
        self.scanning = Scanning(database, clock, self.settings, self.audit, store)
        self.files = Files(
            database, clock, self.settings, store, scanning=self.scanning, audit=self.audit
        )
        self.thumbnails = Thumbnails(self.files, database.path.parent / "thumbnails")
        self.intake = Intake(
            database,
            clock,
            self.settings,
            self.audit,
            files=store,
            originals=FileStore(database.path.parent / ORIGINALS_FOLDER),
        )
        self.mailbox = MailboxWatch(database, self.mail, self.mail_tokens, self.intake)
        self.articles = Articles(database, clock, self.settings, self.files)
        self.tickets = Tickets(database, clock, self.settings, self.audit)
        self.ratings = Ratings(database, clock, self.settings)
        self.links = Links(database, clock, self.settings)
        self.followers = Followers(database, clock, self.settings)
        self.merges = Merges(database, clock, self.settings)
        self.splits = Splits(database, clock, self.settings)
        self.marks = Marks(database, clock, self.settings)
        self.drafts = Drafts(database, clock)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        migrations: Sequence[Migrations] = (),
        clock: Clock | None = None,
        defaults: SettingValues | None = None,
        passwords: Passwords | None = None,
    ) -> "AsyncIterator[HelpDesk]":
        """Open the help desk whose database is at ``path``; create it where there is none.

        ``migrations`` are other packages' tables in the same file. ``defaults`` hold where an admin
        has not stored a setting.
        """
        async with Database.open(path, migrations=[*MIGRATIONS, *migrations]) as database:
            if greatest := await database.read(newest_id):
                ids.grow_from(greatest)
            yield cls(
                database,
                await Outbox.open(database),
                await ChangeFeed.open(database),
                clock=clock or SystemClock(),
                defaults=defaults or SettingValues(),
                passwords=passwords or Passwords(),
            )

    @classmethod
    @contextlib.asynccontextmanager
    async def reading(
        cls, path: Path, *, defaults: SettingValues | None = None
    ) -> "AsyncIterator[HelpDesk]":
        """Open the help desk at ``path``, which another process has open, to read it alone.

        Whatever would write raises ``ReadsOnly``; nothing tells of new events and changes.
        """
        async with ReadDatabase.reading(path) as database:
            yield cls(
                database,
                Outbox(database, 0, 0),
                ChangeFeed(),
                clock=SystemClock(),
                defaults=defaults or SettingValues(),
                passwords=Passwords(),
            )
