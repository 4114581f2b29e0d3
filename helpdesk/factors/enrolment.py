"""Who has a second factor, and whose role requires one; for the rest of the domain."""

import json
import sqlite3

from helpdesk.actors import Role
from helpdesk.storage import sql

HAS_FACTOR = (
    "(EXISTS (SELECT 1 FROM authenticator_apps AS a WHERE a.user_id = {0}"
    " AND a.confirmed_at IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM passkeys AS p WHERE p.user_id = {0}))"
)
"""A condition of SQL; ``{0}`` is the column or parameter with the person's id."""
REQUIRED_FOR = "(SELECT value FROM settings WHERE key = 'second_factor_roles')"
"""The roles that need one, as the setting is stored: an expression of SQL for ``requires``."""


def requires(stored: str | None, role: Role) -> bool:
    """Tell whether a role needs a second factor; ``stored``: what ``REQUIRED_FOR`` is."""
    return stored is not None and role.value in str(json.loads(stored)).split(",")


def has_factor(connection: sqlite3.Connection, user_id: str) -> bool:
    """Tell whether somebody has a second factor that is set up."""
    query = f"SELECT {HAS_FACTOR.format('?1')}"
    return bool(sql.scalar(connection, query, (user_id,)))


def role_requires(connection: sqlite3.Connection, role: Role) -> bool:
    """Tell whether a role needs one now."""
    return requires(sql.scalar(connection, f"SELECT {REQUIRED_FOR}"), role)
