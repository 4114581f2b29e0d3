"""Every sealed secret that is kept, wherever: of any version, and those that plugins keep.

So that whoever replaces keys, or looks whether they fit, cannot forget a place.
"""

import sqlite3
from dataclasses import dataclass

_OWN = "secure_config:"
"""Before the key of a secret that a plugin keeps; no field of a configuration has a colon."""


def own_field(key: str) -> str:
    """Return the name for which a secret that a plugin keeps itself is sealed."""
    return _OWN + key


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """One secret as it is kept."""

    plugin_id: str
    field: str
    sealed: bytes
    sha256: str | None
    """Of the version that is kept and had it; None for the installed one."""

    def __str__(self) -> str:
        """Name the plugin and the field."""
        kept = f" (kept version {self.sha256[:12]})" if self.sha256 else ""
        return f"{self.plugin_id}: {self.field}{kept}"


def sealed_secrets(db: sqlite3.Connection) -> list[SealedSecret]:
    """Return all of them, by plugin and field."""
    rows = db.execute(
        "SELECT plugin_id, field, sealed, NULL AS sha256 FROM plugin_config "
        "WHERE sealed IS NOT NULL UNION ALL "
        "SELECT plugin_id, field, sealed, sha256 FROM version_config "
        "WHERE sealed IS NOT NULL UNION ALL "
        "SELECT plugin_id, ? || key, sealed, NULL FROM plugin_secrets "
        "ORDER BY plugin_id, field, sha256",
        (_OWN,),
    )
    return [SealedSecret(*row) for row in rows.fetchall()]


def replace_sealed(db: sqlite3.Connection, secret: SealedSecret, sealed: bytes) -> None:
    """Put another sealing of a secret in its place."""
    if secret.field.startswith(_OWN):
        query = "UPDATE plugin_secrets SET sealed = ? WHERE plugin_id = ? AND key = ?"
        db.execute(query, (sealed, secret.plugin_id, secret.field.removeprefix(_OWN)))
    elif secret.sha256 is None:
        query = "UPDATE plugin_config SET sealed = ? WHERE plugin_id = ? AND field = ?"
        db.execute(query, (sealed, secret.plugin_id, secret.field))
    else:
        db.execute(
            "UPDATE version_config SET sealed = ? WHERE plugin_id = ? AND field = ? AND sha256 = ?",
            (sealed, secret.plugin_id, secret.field, secret.sha256),
        )
