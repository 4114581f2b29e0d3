"""How this help desk sends and receives mail, as admins set it.

Owns the names, defaults and bounds, and the secrets, which are sealed by whoever opens the help
desk (``Sealer``) and never shown again. Read within transactions by ``read``.
"""

import dataclasses
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from helpdesk import access, checks
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog, differences
from helpdesk.clock import Clock
from helpdesk.errors import Conflict, Invalid
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

OFF = "off"
SMTP = "smtp"
PAGE = "page"
IMAP = "imap"

CHOICES: Mapping[str, tuple[str, ...]] = {
    "outgoing": (OFF, SMTP, PAGE),
    "smtp_security": ("starttls", "tls", "none"),
    "smtp_auth": ("password", "oauth", "none"),
    "incoming": (OFF, IMAP),
    "imap_security": ("tls", "starttls", "none"),
    "imap_auth": ("password", "oauth"),
    "imap_after": ("seen", "delete"),
    "language": ("en", "de"),
    "strangers": ("accept", "hold"),
    "reply_tags": ("yes", "no"),
    "confirm": ("yes", "no"),
}
"""What a setting with few values may be."""
SECRETS = ("smtp_password", "imap_password", "oauth_client_secret", "oauth_refresh_token")
"""Written, never read back."""
_PLACE = "mail"
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[?[0-9A-Fa-f:]+\]?")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
_MOST_SECRET = 4_000
_MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class MailValues:
    """All settings of mail at one moment, without the secrets."""

    outgoing: str = OFF
    """Whether letters are sent, shown on a page instead, or not written at all."""
    address: str = ""
    """The help desk's own address: letters come from it, and mail to it becomes tickets."""
    name: str = ""
    """Shown as the sender; empty: the help desk's name."""
    language: str = "en"
    reply_tags: str = "yes"
    """Whether the server delivers ``name+tag@…`` to ``name@…``."""
    confirm: str = "yes"
    """Whether who opens a ticket by mail is written that it has arrived."""
    strangers: str = "accept"
    """Whether mail from an address without an account makes an account, or is held."""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_auth: str = "password"
    smtp_user: str = ""
    incoming: str = OFF
    imap_host: str = ""
    imap_port: int = 993
    imap_security: str = "tls"
    imap_auth: str = "password"
    imap_user: str = ""
    imap_folder: str = "INBOX"
    imap_after: str = "seen"
    """What is done with a message that was taken in."""
    oauth_token_url: str = ""
    oauth_client_id: str = ""
    oauth_scope: str = ""

    @property
    def domain(self) -> str:
        """Domain of the help desk's address."""
        return self.address.rpartition("@")[2] or "localhost"


class Sealer(Protocol):
    """Encrypts secrets at rest."""

    def seal(self, secret: str, plugin_id: str, field: str, /) -> bytes:
        """Encrypt a secret for one place and field."""
        ...

    def open(self, sealed: bytes, plugin_id: str, field: str, /) -> str:
        """Decrypt what ``seal`` returned for that place and field."""
        ...


class MailSettings:
    """Reads and changes the settings."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self.sealer: Sealer | None = None
        """Given by whoever has the key; without it no secret can be saved or used."""
        self._observers: list[Callable[[], None]] = []

    async def all(self) -> MailValues:
        """Return the settings as they are now."""
        return await self._database.read(read)

    async def known_secrets(self) -> frozenset[str]:
        """Return the names of the secrets that are set."""
        query = "SELECT name FROM mail_secrets"
        return await self._database.read(lambda c: frozenset(name for (name,) in c.execute(query)))

    async def update(
        self, actor: Actor, changes: Mapping[str, str | int], secrets: Mapping[str, str]
    ) -> MailValues:
        """Change settings (admins). A secret that is empty stays as it is.

        Raises ``Invalid`` naming the first that is wrong; nothing is changed then.
        """
        checked = {name: _checked(name, value) for name, value in changes.items()}
        sealed = {name: self._sealed(name, secret) for name, secret in secrets.items() if secret}
        record = self._audit.stamp(actor.id, "mail.settings_changed", "mail")

        def job(connection: sqlite3.Connection) -> MailValues:
            access.require_admin(load_viewer(connection, actor), "change the mail settings")
            before = read(connection)
            after = MailValues(**{**dataclasses.asdict(before), **checked})
            _require_whole(after)
            connection.executemany(
                "INSERT INTO mail_settings (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [(name, json.dumps(value)) for name, value in checked.items()],
            )
            connection.executemany(
                "INSERT INTO mail_secrets (name, sealed) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
                list(sealed.items()),
            )
            different = differences(dataclasses.asdict(before), dataclasses.asdict(after))
            different |= dict.fromkeys(sealed, "changed")
            if different:
                record(connection, different)
            return after

        values = await self._database.write(job)
        for tell in self._observers:
            tell()
        return values

    def observe(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` behind every change from now on, on the Trio thread."""
        self._observers.append(tell)

    async def show_on_page(self) -> None:
        """Show letters on a page instead of sending them, where nothing was set yet."""

        def job(connection: sqlite3.Connection) -> None:
            start = {"outgoing": PAGE, "address": "support@example.com"}
            connection.executemany(
                "INSERT OR IGNORE INTO mail_settings (name, value) VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in start.items()],
            )

        await self._database.write(job)

    async def secret(self, name: str) -> str:
        """Return a secret for the connection that needs it; empty where it is not set.

        Raises what the sealer raises where it cannot be read.
        """
        query = "SELECT sealed FROM mail_secrets WHERE name = ?"
        sealed = await self._database.read(lambda c: sql.scalar(c, query, (name,)))
        if sealed is None:
            return ""
        return self._require_sealer().open(sealed, _PLACE, name)

    async def keep_secret(self, name: str, secret: str) -> None:
        """Replace a secret that a server has replaced (a refresh token)."""
        sealed = self._sealed(name, secret)
        query = "UPDATE mail_secrets SET sealed = ? WHERE name = ?"
        await self._database.write(lambda c: c.execute(query, (sealed, name)))

    async def reseal(self) -> tuple[int, tuple[str, ...]]:
        """Seal every secret with the key that seals now; return how many, and the unreadable."""
        sealer = self._require_sealer()

        def job(connection: sqlite3.Connection) -> tuple[int, tuple[str, ...]]:
            done, unreadable = 0, list[str]()
            found = connection.execute("SELECT name, sealed FROM mail_secrets").fetchall()
            for name, sealed in found:
                try:
                    again = sealer.seal(sealer.open(sealed, _PLACE, name), _PLACE, name)
                except Exception:
                    unreadable.append(f"{name} of mail")
                    continue
                connection.execute(
                    "UPDATE mail_secrets SET sealed = ? WHERE name = ?", (again, name)
                )
                done += 1
            return done, tuple(unreadable)

        return await self._database.write(job)

    def _sealed(self, name: str, secret: str) -> bytes:
        if name not in SECRETS:
            raise Invalid("secret", repr(name), "one of the secrets' names")
        if len(secret) > _MOST_SECRET or any(char in secret for char in "\r\n\0"):
            expected = f"at most {_MOST_SECRET} characters on one line"
            raise Invalid(name, "another text", expected)
        return self._require_sealer().seal(secret, _PLACE, name)

    def _require_sealer(self) -> Sealer:
        if self.sealer is None:
            raise Conflict("the key for secrets is not loaded", "start the server")
        return self.sealer


def read(connection: sqlite3.Connection) -> MailValues:
    """Return the settings as a transaction sees them."""
    known = {field.name for field in dataclasses.fields(MailValues)}
    stored = connection.execute("SELECT name, value FROM mail_settings")
    return MailValues(**{name: json.loads(value) for name, value in stored if name in known})


def _checked(name: str, value: str | int) -> str | int:
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise Invalid(name, repr(value), " or ".join(CHOICES[name]))
        return value
    if name in {"smtp_port", "imap_port"}:
        return _port(name, value)
    text = str(value).strip()
    if name == "address":
        return _own_address(text)
    if name == "oauth_token_url":
        return _token_url(text)
    if name in {"smtp_host", "imap_host"}:
        if text and not _HOST.fullmatch(text):
            raise Invalid(name, repr(text[:80]), "a host name such as mail.example.com")
        return text
    if name not in {field.name for field in dataclasses.fields(MailValues)}:
        raise Invalid("setting", repr(name), "one of the mail settings' names")
    if len(text) > _MOST_TEXT or checks.cleaned(text) != text or "\n" in text:
        raise Invalid(name, "another text", f"at most {_MOST_TEXT} characters on one line")
    return text


def _own_address(text: str) -> str:
    try:
        return checks.email(text) if text else ""
    except Invalid as exc:
        raise Invalid("address", exc.found, exc.expected) from None


def _port(name: str, value: str | int) -> int:
    text = str(value).strip()
    port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= port <= 65_535:
        raise Invalid(name, repr(text[:20]), "a whole number from 1 to 65535")
    return port


def _token_url(text: str) -> str:
    expected = "an address that begins with https://"
    try:
        parts = urlsplit(text)
        plain = parts.scheme == "http" and parts.hostname in _LOCAL
        usable = not text or ((parts.scheme == "https" or plain) and bool(parts.hostname))
    except ValueError:
        usable = False
    if not usable:
        raise Invalid("oauth_token_url", repr(text[:80]), expected)
    return text


def _require_whole(values: MailValues) -> None:
    """Refuse settings that cannot work, and those that would show a password to the network."""
    if values.outgoing != OFF or values.incoming != OFF:
        _require(values.address, "address", "the help desk's own address")
    if values.outgoing == SMTP:
        _require(values.smtp_host, "smtp_host", "the host name of your mail server")
        if values.smtp_auth == "password":
            _require_secure("smtp_security", values.smtp_security, values.smtp_host)
    if values.incoming == IMAP:
        _require(values.imap_host, "imap_host", "the host name of your mail server")
        _require(values.imap_user, "imap_user", "the name of the mailbox's account")
        _require(values.imap_folder, "imap_folder", "the name of a folder, such as INBOX")
        _require_secure("imap_security", values.imap_security, values.imap_host)
    if "oauth" in {values.smtp_auth, values.imap_auth}:
        _require(values.oauth_token_url, "oauth_token_url", "the provider's token address")
        _require(values.oauth_client_id, "oauth_client_id", "the client id of your application")


def _require(value: str, name: str, expected: str) -> None:
    if not value:
        raise Invalid(name, "nothing", expected)


def _require_secure(name: str, security: str, host: str) -> None:
    if security == "none" and host not in _LOCAL:
        raise Invalid(name, "none", "starttls or tls: a password must not travel in the open")
