"""Settings that admins change while the help desk runs.

Owns their names, types, defaults and bounds, in one dataclass. A stored value wins over the
default; the composition root may bring other defaults (a site URL from a file, say). Must not know
who reads them.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpdesk import access, checks, domains
from helpdesk.actors import Actor, Role
from helpdesk.audit import AuditLog, differences
from helpdesk.errors import Invalid
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer


@dataclass(frozen=True, slots=True)
class SettingValues:
    """All settings at one moment."""

    site_name: str = "Open Help Desk"
    site_url: str = "http://127.0.0.1:8000"
    """Public URL of the help desk, without a slash at the end; ticket URLs start with it."""
    reopen_window_days: int = 7
    """Days in which a resolved or closed ticket can be reopened; then a resolved one is closed."""
    session_days: int = 14
    """Days until a session ends."""
    second_factor_roles: str = ""
    """Roles that need a second factor, with commas between them; empty: none."""
    signup_domains: str = ""
    """Domains whose addresses may sign up, with spaces between them; empty: none."""
    scanner: str = ""
    """Where clamd, the virus scanner, listens: a path, or host:port; empty: nothing is scanned."""
    scanner_away: str = "wait"
    """What becomes of uploads while it gives no verdict: they ``wait`` for it, or ``refuse``."""
    ask_rating: str = "no"
    """Whether requesters are asked how it went once their ticket is resolved: yes or no."""
    plugin_error_threshold: int = 50
    """Per cent of failed deliveries in the rolling window above which a plugin is disabled."""
    plugin_error_window_minutes: int = 10
    """Length of that window."""
    plugin_error_least_deliveries: int = 5
    """Deliveries in the window below which nothing is decided."""
    keep_events_days: int = 30
    """Days that events stay in the outbox after every enabled plugin has processed them."""
    keep_deliveries_days: int = 30
    """Days that deliveries are kept."""
    keep_logs_days: int = 30
    """Days that log lines are kept, within the maximum per plugin."""
    keep_egress_days: int = 90
    """Days that outbound requests of plugins are kept."""


SCANNER_EXPECTED = "the path of clamd's socket, or host:port such as 127.0.0.1:3310; empty for none"

BOUNDS = {
    "reopen_window_days": (0, 3650),
    "session_days": (1, 365),
    "plugin_error_threshold": (1, 100),
    "plugin_error_window_minutes": (1, 1440),
    "plugin_error_least_deliveries": (1, 10_000),
    "keep_events_days": (1, 3650),
    "keep_deliveries_days": (1, 3650),
    "keep_logs_days": (1, 3650),
    "keep_egress_days": (1, 3650),
}


SCANNER_AWAY = ("wait", "refuse")


class Settings:
    """Reads and changes the settings."""

    def __init__(self, database: Database, defaults: SettingValues, audit: AuditLog) -> None:
        self._database = database
        self._defaults = defaults
        self._audit = audit
        self._observers: list[Callable[[SettingValues], None]] = []

    async def all(self) -> SettingValues:
        """Return the settings as they are now."""
        return await self._database.read(self.values)

    async def update(
        self,
        actor: Actor,
        check: Callable[[SettingValues], None] | None = None,
        /,
        **changes: str | int,
    ) -> SettingValues:
        """Change the named settings (admins). Raises ``Invalid`` naming the first wrong one.

        ``check`` gets the settings before the change, in the same transaction, and raises where it
        must not be made.
        """
        checked = {name: _checked(name, value) for name, value in changes.items()}

        record = self._audit.stamp(actor.id, "settings.changed", "settings")

        def job(connection: sqlite3.Connection) -> SettingValues:
            access.require_admin(load_viewer(connection, actor), "change settings")
            found = self.values(connection)
            if check is not None:
                check(found)
            before = dataclasses.asdict(found)
            connection.executemany(
                "INSERT INTO settings (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [(name, json.dumps(value)) for name, value in checked.items()],
            )
            if different := differences(before, before | checked):
                record(connection, different)
            return self.values(connection)

        values = await self._database.write(job)
        for tell in self._observers:
            tell(values)
        return values

    def observe(self, tell: Callable[[SettingValues], None]) -> None:
        """Call ``tell`` with the settings behind every change from now on, on the Trio thread."""
        self._observers.append(tell)

    def values(self, connection: sqlite3.Connection) -> SettingValues:
        """Return the settings as a transaction sees them."""
        known = {field.name for field in dataclasses.fields(SettingValues)}
        stored = connection.execute("SELECT key, value FROM settings")
        changes = {key: json.loads(value) for key, value in stored if key in known}
        return dataclasses.replace(self._defaults, **changes)


def _checked(name: str, value: str | int) -> str | int:
    if name in BOUNDS:
        return _number(name, value)
    texts: dict[str, Callable[[str], str]] = {
        "site_name": lambda text: checks.name(name, text),
        "site_url": site_url,
        "second_factor_roles": _roles,
        "signup_domains": lambda text: " ".join(domains.checked(name, text)),
        "ask_rating": lambda text: _yes_or_no(name, text),
        "scanner": _scanner,
        "scanner_away": _scanner_away,
    }
    if name not in texts:
        raise Invalid("setting", repr(name), "one of the settings' names")
    return texts[name](str(value))


def _yes_or_no(name: str, value: str) -> str:
    if value not in {"yes", "no"}:
        raise Invalid(name, repr(value), "yes or no")
    return value


def _number(name: str, value: str | int) -> int:
    least, most = BOUNDS[name]
    expected = f"a whole number from {least} to {most}"
    try:
        number = int(value)
    except ValueError:
        raise Invalid(name, repr(value), expected) from None
    if isinstance(value, bool) or not least <= number <= most:
        raise Invalid(name, repr(value), expected)
    return number


def _roles(value: str) -> str:
    named = {part.strip() for part in value.split(",")} - {""}
    known = [role.value for role in Role]
    if not named <= set(known):
        raise Invalid("second_factor_roles", repr(value[:80]), f"some of {', '.join(known)}")
    return ",".join(role for role in known if role in named)


def _scanner_away(value: str) -> str:
    if value not in SCANNER_AWAY:
        raise Invalid("scanner_away", repr(value[:80]), " or ".join(SCANNER_AWAY))
    return value


def _scanner(value: str) -> str:
    address = checks.cleaned(value).strip()
    if address and clamd_address(address) is None:
        raise Invalid("scanner", repr(address[:100]), SCANNER_EXPECTED)
    return address


def clamd_address(address: str) -> str | tuple[str, int] | None:
    """Return the path of a socket, or host and port; None where it is neither."""
    if address.startswith("/"):
        return address if len(address.encode()) <= 100 else None
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or len(host) > 253 or any(c.isspace() for c in host):
        return None
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        return None
    return host, int(port)


def site_url(value: str) -> str:
    """Check the address of the site and return it without a slash at the end."""
    address = checks.cleaned(value).strip().rstrip("/")
    expected = "an address like https://help.example.com"
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
        parts = None
    if not usable or parts is None or parts.query or parts.fragment or parts.username:
        raise Invalid("site_url", repr(value), expected)
    return address
