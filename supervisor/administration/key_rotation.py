"""Replacing the key that secrets are encrypted with, so that a stop at any moment loses nothing.

::

    key file: [old]        every secret opens with old
    key file: [new, old]   every secret opens with one of them, whoever starts now
    one transaction        every secret of plugins is sealed with new, then those of the help desk
    key file: [new]        the old key opens nothing any more

A running server swaps its ring before the transaction, so that whatever is saved behind it was
sealed with the new key. Must not know which plugins there are.
"""

from pathlib import Path

import structlog
import trio

from supervisor.plugins.audit import KEY_ROTATED
from supervisor.ports import AuditLog, AuditWriter, Reseal
from supervisor.secrets.box import (
    KEY_VARIABLE,
    KeyUnusable,
    SecretBox,
    keys_come_from_environment,
    new_key,
    replace_keys,
)
from supervisor.store.installed import InstalledStore
from supervisor.views import KeyRotation

log = structlog.get_logger("supervisor.rotation")


class EncryptionKey:
    """The key of one help desk, as an admin may replace it."""

    def __init__(
        self,
        store: InstalledStore,
        box: SecretBox,
        key_file: Path,
        audit: AuditLog,
        reseal: Reseal | None = None,
    ) -> None:
        self._store = store
        self._box = box
        self._key_file = key_file
        self._audit = audit
        self._reseal = reseal

    async def rotate(self, *, actor: str) -> KeyRotation:
        """Replace the key, and seal every secret with the new one; raises KeyUnusable."""
        record = self._audit.stamp(actor, KEY_ROTATED, "key")
        return await rotate_key(self._store, self._box, self._key_file, record, self._reseal)


async def rotate_key(
    store: InstalledStore,
    box: SecretBox,
    key_file: Path,
    record: AuditWriter,
    reseal: Reseal | None = None,
) -> KeyRotation:
    """Make a new key and seal every secret with it.

    Where the environment gives the keys, its first one takes the place of a new one: raises
    KeyUnusable where it gives no second. A secret that no key opens is left as it is and named.
    """
    from_environment = keys_come_from_environment()
    if from_environment and len(box.keys) == 1:
        raise KeyUnusable(
            f"the key comes from {KEY_VARIABLE}, which only you can change: put a new key before "
            "the old one, separated by a space, restart, and run this again"
        )
    # Shielded: a rotation that was begun is the quicker to finish than to explain.
    with trio.CancelScope(shield=True):
        if not from_environment:
            key = new_key()
            await trio.to_thread.run_sync(replace_keys, key_file, (key, *box.keys))
            box.put_first(key)
        resealed, unreadable = await store.reseal(record)
        if reseal is not None:
            more, lost = await reseal()
            resealed, unreadable = resealed + more, (*unreadable, *lost)
        if not from_environment:
            await trio.to_thread.run_sync(replace_keys, key_file, box.keys[:1])
            box.forget_older()
    log.info("key_rotated", secrets=resealed, unreadable=list(unreadable))
    return KeyRotation(resealed, unreadable, keys_come_from_environment())
