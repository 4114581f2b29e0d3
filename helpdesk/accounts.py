"""Accounts as rows: what other modules of the domain need of people inside a transaction.

Owns the ``users`` table's shape. Decides nothing about access: callers have.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk import domains
from helpdesk.actors import Actor, Role
from helpdesk.clock import parse_rfc3339, rfc3339
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.storage import sql
from helpdesk.text import normalized


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: str
    email: str
    """Lower case, unique."""
    name: str
    role: Role
    disabled: bool
    created_at: datetime
    language: str = ""
    """Chosen for pages and widgets, such as ``pt-br``; empty: the browser's."""

    @property
    def actor(self) -> Actor:
        """Return this person as the one who acts."""
        return Actor.person(self.id, self.name, self.role)


def role_named(role: Role | str) -> Role:
    """Check the name of a role."""
    try:
        return Role(role)
    except ValueError:
        raise Invalid("role", repr(role), "admin, staff or user") from None


def find(connection: sqlite3.Connection, user_id: str) -> User:
    """Return an account or raise ``NotFound``."""
    row = sql.row(connection, "SELECT * FROM users WHERE id = ?", (user_id,))
    if row is None:
        raise NotFound("user", user_id)
    return from_row(row)


def insert(connection: sqlite3.Connection, user: User, password_hash: str | None) -> None:
    """Write a new account. Raises ``Conflict`` where the address is taken."""
    require_free_email(connection, user.email, user.id)
    connection.execute(
        "INSERT INTO users (id, email, name, role, password_hash, disabled, created_at,"
        " search_text)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, search_text(?3) || ' ' || ?2)",
        (
            user.id,
            user.email,
            user.name,
            user.role.value,
            password_hash,
            user.disabled,
            rfc3339(user.created_at),
        ),
    )
    if user.role is Role.USER:
        # By the domain of the address, however the account came to be.
        connection.execute(
            "INSERT INTO organization_members (user_id, organization_id)"
            " SELECT ?, organization_id FROM organization_domains WHERE domain = ?",
            (user.id, domains.domain_of(user.email)),
        )


def store_password(
    connection: sqlite3.Connection, user_id: str, encoded: str, now: datetime
) -> dict[str, object]:
    """Replace a password hash, and end all that was opened with the old password.

    Sessions, API keys, known browsers, log-ins that wait for a second factor, and a link to set
    another one: whoever had the old password may have made any of them. Second factors stay.
    Returns how many keys were revoked, for the audit log.
    """
    connection.execute("UPDATE users SET password_hash = ? WHERE id = ?", (encoded, user_id))
    connection.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))
    connection.execute("DELETE FROM login_steps WHERE user_id = ?", (user_id,))
    connection.execute("DELETE FROM login_devices WHERE user_id = ?", (user_id,))
    connection.execute("DELETE FROM invitations WHERE user_id = ?", (user_id,))
    query = "UPDATE api_keys SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL"
    revoked = connection.execute(query, (rfc3339(now), user_id)).rowcount
    return {"api_keys_revoked": revoked} if revoked else {}


def facts(user: User) -> dict[str, object]:
    """Return the audit log's facts about an account, never its password."""
    return {
        "name": user.name,
        "email": user.email,
        "role": user.role.value,
        "disabled": user.disabled,
    }


def typed_email(text: str) -> str:
    """Return what somebody typed as an address, in the form in which addresses are stored."""
    return normalized("NFC", domains.with_ascii_domain(text).strip().lower())


def require_free_email(connection: sqlite3.Connection, email: str, user_id: str) -> None:
    """Raise ``Conflict`` where somebody else has the address."""
    owner = sql.scalar(connection, "SELECT id FROM users WHERE email = ?", (email,))
    if owner not in (None, user_id):
        raise Conflict(f"{email} already belongs to another account", "use another email address")


def from_row(row: Any) -> User:
    """Make a ``User`` of a row with all columns."""
    return User(
        row["id"],
        row["email"],
        row["name"],
        Role(row["role"]),
        bool(row["disabled"]),
        parse_rfc3339(row["created_at"]),
        row["language"],
    )
