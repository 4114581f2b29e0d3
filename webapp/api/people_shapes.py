"""Responses of the API about people and their work; see ``shapes`` for tickets."""

from msgspec import Struct

from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.api_keys import ApiKey
from helpdesk.catalogue import CategoryNode
from helpdesk.clock import rfc3339
from helpdesk.groups import Group
from helpdesk.notifications import Notification
from helpdesk.sessions import OpenSession
from helpdesk.settings import SettingValues
from helpdesk.statuses import Status
from webapp.api.shapes import Moment, moment


class SelfOut(Struct):
    """A person as they see themselves."""

    id: str
    name: str
    email: str
    role: Role


class UserOut(SelfOut):
    """An account as staff see it."""

    disabled: bool
    created_at: Moment


class InvitationOut(Struct):
    """A link that sets a password; it is not shown again."""

    url: str
    expires_at: Moment


class MeOut(Struct):
    """The person; for a session also the CSRF token for changes."""

    user: SelfOut
    csrf_token: str | None


class LoginOut(Struct):
    """A new session; its cookie is in the headers."""

    user: SelfOut
    csrf_token: str


class SessionOut(Struct):
    """A browser in which you are logged in."""

    id: str
    browser: str
    """What it says it is, such as ``Firefox on Linux``; empty where it says nothing."""
    created_at: Moment
    last_seen_at: Moment
    expires_at: Moment
    current: bool
    """Whether it is the session of this request."""


class KeyOut(Struct):
    """An API key without its secret; ``hint`` is how the secret begins."""

    id: str
    name: str
    hint: str
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None
    scope: str
    """``all``, or ``read`` for a key that changes nothing."""
    expires_at: Moment | None


class NewKeyOut(KeyOut):
    """A new key with its secret, which is not shown again."""

    secret: str


class GroupOut(Struct):
    """A group with its members and the categories that it owns, by ID."""

    id: str
    name: str
    member_ids: tuple[str, ...]
    category_ids: tuple[str, ...]


class ItemOut(Struct):
    """An item of a type."""

    id: str
    name: str


class TypeOut(Struct):
    """A type with its items."""

    id: str
    name: str
    items: list[ItemOut]


class CategoryOut(Struct):
    """A category with its types."""

    id: str
    name: str
    types: list[TypeOut]


class NodeOut(Struct):
    """One category, type or item by itself."""

    id: str
    name: str


class StatusOut(Struct):
    """A status; built-in ones cannot be renamed or removed."""

    name: str
    system: bool


class NotificationOut(Struct):
    """One of your notifications; ``link`` is a path on this site."""

    id: str
    title: str
    body: str
    link: str | None
    created_at: Moment
    read_at: Moment | None


class NotificationsOut(Struct):
    """Your latest notifications, and the number of unread ones."""

    data: list[NotificationOut]
    unread: int


class SettingsOut(Struct):
    """The settings as they are now."""

    site_name: str
    site_url: str
    reopen_window_days: int
    session_days: int
    second_factor_roles: str
    """Roles that need a second factor, with commas between them; empty: none."""
    signup_domains: str
    """Domains whose addresses can sign up, with spaces between them; empty: none."""
    scanner: str
    """Where clamd listens, a path or host:port; empty: files are not scanned."""
    scanner_away: str
    ask_rating: str
    """Whether requesters are asked how it went once their ticket is resolved: yes or no."""
    plugin_error_threshold: int
    plugin_error_window_minutes: int
    plugin_error_least_deliveries: int
    keep_events_days: int
    keep_deliveries_days: int
    keep_logs_days: int
    keep_egress_days: int


def self_json(user: User) -> SelfOut:
    """Return a person as they see themselves."""
    return SelfOut(user.id, user.name, user.email, user.role)


def user_json(user: User) -> UserOut:
    """Return an account as staff see it."""
    return UserOut(
        user.id, user.name, user.email, user.role, user.disabled, rfc3339(user.created_at)
    )


def session_json(session: OpenSession) -> SessionOut:
    """Return a session without its token."""
    return SessionOut(
        session.id,
        session.client,
        rfc3339(session.created_at),
        rfc3339(session.seen_at),
        rfc3339(session.expires_at),
        session.here,
    )


def key_json(key: ApiKey) -> KeyOut:
    """Return a key without its secret."""
    return KeyOut(
        key.id,
        key.name,
        key.hint,
        rfc3339(key.created_at),
        moment(key.last_used_at),
        moment(key.revoked_at),
        key.scope.value,
        moment(key.expires_at),
    )


def group_json(group: Group) -> GroupOut:
    """Return a group."""
    return GroupOut(group.id, group.name, group.member_ids, group.category_ids)


def category_json(category: CategoryNode) -> CategoryOut:
    """Return a category with all below it."""
    types = [
        TypeOut(kind.id, kind.name, [ItemOut(item.id, item.name) for item in kind.items])
        for kind in category.types
    ]
    return CategoryOut(category.id, category.name, types)


def status_json(status: Status) -> StatusOut:
    """Return a status."""
    return StatusOut(status.name, status.system)


def notification_json(notice: Notification) -> NotificationOut:
    """Return a notification."""
    return NotificationOut(
        notice.id,
        notice.title,
        notice.body,
        notice.link,
        rfc3339(notice.created_at),
        moment(notice.read_at),
    )


def settings_json(values: SettingValues) -> SettingsOut:
    """Return the settings."""
    return SettingsOut(
        values.site_name,
        values.site_url,
        values.reopen_window_days,
        values.session_days,
        values.second_factor_roles,
        values.signup_domains,
        values.scanner,
        values.scanner_away,
        values.ask_rating,
        values.plugin_error_threshold,
        values.plugin_error_window_minutes,
        values.plugin_error_least_deliveries,
        values.keep_events_days,
        values.keep_deliveries_days,
        values.keep_logs_days,
        values.keep_egress_days,
    )
