"""Keys are replaced without a moment in which a secret cannot be read."""

import base64
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.service import HelpDesk
from supervisor.administration.key_rotation import rotate_key
from supervisor.secrets.box import (
    KEY_VARIABLE,
    KeyUnusable,
    SecretBox,
    load_key,
    load_keys,
    new_key,
    replace_keys,
)
from supervisor.store.installed import InstalledStore
from supervisor.store.migrations import migrations

PLACES = (("com.example.a", "token"), ("com.example.a", "url"), ("com.example.b", "token"))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[HelpDesk]:
    async with HelpDesk.open(tmp_path / "desk.db", migrations=[migrations]) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def put_secrets(db: sqlite3.Connection, box: SecretBox) -> None:
    for plugin_id in {plugin_id for plugin_id, _ in PLACES}:
        db.execute(
            "INSERT INTO plugins (id, sha256, size, manifest, report, source, installed_at,"
            " installed_by, enabled, claimed_seq, settled_seq, error_count)"
            " VALUES (?, '', 0, '', '', '', 0, '', 0, 0, 0, 0)",
            (plugin_id,),
        )
    for plugin_id, field in PLACES:
        sealed = box.seal(f"secret of {plugin_id} {field}", plugin_id, field)
        db.execute("INSERT INTO plugin_config VALUES (?, ?, NULL, ?)", (plugin_id, field, sealed))
    db.execute("INSERT INTO plugin_config VALUES ('com.example.b', 'plain', '1', NULL)")


def read_secrets(db: sqlite3.Connection, box: SecretBox) -> set[str]:
    found = db.execute("SELECT plugin_id, field, sealed FROM plugin_config WHERE sealed NOT NULL")
    return {box.open(sealed, plugin_id, field) for plugin_id, field, sealed in found}


EXPECTED = {f"secret of {plugin_id} {field}" for plugin_id, field in PLACES}


async def test_every_secret_is_sealed_with_the_new_key_and_the_old_one_opens_nothing(
    desk, tmp_path
):
    path = tmp_path / "secret.key"
    old = load_key(path)
    box = SecretBox(old)
    await desk.database.write(lambda db: put_secrets(db, box))
    done = await rotate_key(
        InstalledStore(desk.database, box),
        box,
        path,
        desk.audit.stamp("system", "key.rotated", "key"),
    )
    assert (done.resealed, done.unreadable) == (3, ())
    (new,) = load_keys(path)
    assert new != old
    assert path.stat().st_mode & 0o777 == 0o600
    assert await desk.database.read(lambda db: read_secrets(db, SecretBox(new))) == EXPECTED
    assert await desk.database.read(lambda db: read_secrets(db, box)) == EXPECTED
    with pytest.raises(KeyUnusable, match="another key"):
        await desk.database.read(lambda db: read_secrets(db, SecretBox(old)))
    (entry,) = (await desk.audit.list(SYSTEM)).rows
    assert (entry.action, entry.changes) == ("key.rotated", {"secrets": 3, "unreadable": []})


async def test_a_stop_between_any_two_steps_leaves_every_secret_readable(desk, tmp_path):
    path = tmp_path / "secret.key"
    old = load_key(path)
    await desk.database.write(lambda db: put_secrets(db, SecretBox(old)))
    # Stopped once the new key is in the file.
    replace_keys(path, (new_key(), old))
    after_stop = SecretBox(*_ring(path))
    assert await desk.database.read(lambda db: read_secrets(db, after_stop)) == EXPECTED
    # Stopped once the secrets are sealed again.
    record = desk.audit.stamp("system", "key.rotated", "key")
    await InstalledStore(desk.database, after_stop).reseal(record)
    after_second_stop = SecretBox(*_ring(path))
    assert await desk.database.read(lambda db: read_secrets(db, after_second_stop)) == EXPECTED
    # Run again, it ends with one key.
    await rotate_key(
        InstalledStore(desk.database, after_second_stop), after_second_stop, path, record
    )
    assert len(load_keys(path)) == 1
    assert (
        await desk.database.read(lambda db: read_secrets(db, SecretBox(load_key(path)))) == EXPECTED
    )


async def test_a_transaction_that_fails_leaves_both_keys(desk, tmp_path):
    path = tmp_path / "secret.key"
    box = SecretBox(load_key(path))
    await desk.database.write(lambda db: put_secrets(db, box))

    def record(db, changes):
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        await rotate_key(InstalledStore(desk.database, box), box, path, record)
    assert len(load_keys(path)) == 2
    assert await desk.database.read(lambda db: read_secrets(db, box)) == EXPECTED
    restarted = SecretBox(*_ring(path))
    assert await desk.database.read(lambda db: read_secrets(db, restarted)) == EXPECTED


async def test_a_secret_that_no_key_opens_is_named_and_left_as_it_is(desk, tmp_path):
    path = tmp_path / "secret.key"
    box = SecretBox(load_key(path))
    lost = SecretBox(new_key())
    await desk.database.write(lambda db: put_secrets(db, box))
    sealed = lost.seal("gone", *PLACES[0])
    update = "UPDATE plugin_config SET sealed = ? WHERE plugin_id = ? AND field = ?"
    await desk.database.write(lambda db: db.execute(update, (sealed, *PLACES[0])).rowcount)
    record = desk.audit.stamp("system", "key.rotated", "key")
    done = await rotate_key(InstalledStore(desk.database, box), box, path, record)
    assert (done.resealed, done.unreadable) == (2, ("com.example.a: token",))
    kept = await desk.database.read(
        lambda db: db.execute(
            "SELECT sealed FROM plugin_config WHERE plugin_id = ? AND field = ?", PLACES[0]
        ).fetchone()[0]
    )
    assert lost.open(kept, *PLACES[0]) == "gone"


async def test_keys_of_the_environment_are_the_operators_to_change(desk, tmp_path, monkeypatch):
    path = tmp_path / "secret.key"
    old, new = new_key(), new_key()
    _give(monkeypatch, old)
    box = SecretBox(*_ring(path))
    await desk.database.write(lambda db: put_secrets(db, box))
    record = desk.audit.stamp("system", "key.rotated", "key")
    with pytest.raises(KeyUnusable, match="before the old one"):
        await rotate_key(InstalledStore(desk.database, box), box, path, record)
    _give(monkeypatch, new, old)
    ring = SecretBox(*_ring(path))
    done = await rotate_key(InstalledStore(desk.database, ring), ring, path, record)
    assert done.from_environment
    assert await desk.database.read(lambda db: read_secrets(db, SecretBox(new))) == EXPECTED
    assert not path.exists()


def test_the_first_key_seals_and_all_of_them_open():
    old, new = new_key(), new_key()
    before = SecretBox(old).seal("s", "p", "f")
    ring = SecretBox(new, [old])
    assert ring.open(before, "p", "f") == "s"
    assert not ring.is_current(before)
    after = ring.seal("s", "p", "f")
    assert ring.is_current(after)
    with pytest.raises(KeyUnusable):
        SecretBox(old).open(after, "p", "f")
    ring.forget_older()
    with pytest.raises(KeyUnusable):
        ring.open(before, "p", "f")


def test_a_key_file_holds_a_key_a_line(tmp_path):
    path = tmp_path / "secret.key"
    keys = (new_key(), new_key(), new_key())
    replace_keys(path, keys)
    assert load_keys(path) == keys
    assert load_key(path) == keys[0]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "\n\n", "bm90IGEga2V5\n", "%%%\n"])
def test_a_file_without_keys_is_refused(tmp_path, text):
    path = tmp_path / "secret.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="does not hold 32 bytes"):
        load_keys(path)


def _ring(path: Path) -> tuple[bytes, tuple[bytes, ...]]:
    first, *older = load_keys(path)
    return first, tuple(older)


def _give(monkeypatch, *keys: bytes) -> None:
    monkeypatch.setenv(KEY_VARIABLE, " ".join(base64.b64encode(key).decode() for key in keys))
    assert os.environ[KEY_VARIABLE]
