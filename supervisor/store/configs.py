"""Rows of the plugins' configuration: secrets sealed, everything else as JSON.

Every function runs in a database job.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from supervisor.errors import ConfigInvalid
from supervisor.manifest import ConfigField, ConfigValue, Manifest, check_config
from supervisor.secrets.box import KeyUnusable, SecretBox


@dataclass(frozen=True, slots=True)
class SavedConfig:
    """Saved configuration of one plugin."""

    values: Mapping[str, ConfigValue] = field(default_factory=dict)
    """Secrets decrypted."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Secrets that the key does not open, each with the reason."""


def load_config(db: sqlite3.Connection, manifest: Manifest, box: SecretBox) -> SavedConfig:
    """Return what is saved for the fields of ``manifest``.

    A value that was saved as a secret is none for a field that is no secret, nor the other way
    round: a new version of a plugin does not turn a secret into something that is shown.
    """
    values: dict[str, ConfigValue] = {}
    unreadable: dict[str, str] = {}
    rows = db.execute(
        "SELECT field, value, sealed FROM plugin_config WHERE plugin_id = ?", (manifest.id,)
    )
    for name, value, sealed in rows:
        known = manifest.config_schema.get(name)
        if known is None or known.secret != (sealed is not None):
            continue
        try:
            values[name] = (
                json.loads(value) if sealed is None else box.open(sealed, manifest.id, name)
            )
        except KeyUnusable as exc:
            unreadable[name] = str(exc)
    return SavedConfig(values, unreadable)


def save_config(
    db: sqlite3.Connection,
    manifest: Manifest,
    values: Mapping[str, ConfigValue],
    box: SecretBox,
    keep: Collection[str] = (),
) -> None:
    """Replace the saved values; the rows of the fields in ``keep`` stay as they are."""
    saved = db.execute("SELECT field FROM plugin_config WHERE plugin_id = ?", (manifest.id,))
    gone = [(manifest.id, name) for (name,) in saved.fetchall() if name not in keep]
    db.executemany("DELETE FROM plugin_config WHERE plugin_id = ? AND field = ?", gone)
    for name, value in values.items():
        secret = manifest.config_schema[name].secret
        plain = None if secret else json.dumps(value)
        sealed = box.seal(str(value), manifest.id, name) if secret else None
        db.execute(
            "INSERT INTO plugin_config VALUES (?, ?, ?, ?)", (manifest.id, name, plain, sealed)
        )


def check_ready(manifest: Manifest, saved: SavedConfig) -> None:
    """Raise ConfigInvalid where a plugin cannot run with what is saved."""
    if saved.unreadable:
        raise ConfigInvalid(manifest.id, saved.unreadable)
    check_config(manifest, {}, saved.values)


def carry_over(old: Manifest, new: Manifest, saved: SavedConfig) -> SavedConfig:
    """Return what of a configuration a new version of its plugin may have.

    A secret goes along only where the new version can do no more with it than the old one.
    """
    fitting = {
        name
        for name, before in old.config_schema.items()
        if name in new.config_schema and _no_more_than(before, new.config_schema[name])
    }
    values = {name: value for name, value in saved.values.items() if name in fitting}
    unreadable = {
        name: reason
        for name, reason in saved.unreadable.items()
        if name in fitting and new.config_schema[name].secret
    }
    return SavedConfig(check_config(new, {}, values, complete=False), unreadable)


def _no_more_than(before: ConfigField, after: ConfigField) -> bool:
    if not before.secret:
        return True
    if not after.secret:
        return False
    if not before.bind:
        return True
    return (
        bool(after.bind)
        and set(after.bind) <= set(before.bind)
        and set(after.bind_in) <= set(before.bind_in)
    )
