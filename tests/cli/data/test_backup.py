"""Backup and restore: one moment of a help desk, whole, in or out."""

import io
import json
import sqlite3
import tarfile
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from cli.compose import only_one, open_helpdesk
from cli.config import Config, load_config
from cli.data.backup import make_backup
from cli.main import main
from helpdesk.actors import SYSTEM
from helpdesk.audit import AuditEntry
from helpdesk.tickets.model import TicketDraft
from supervisor.plugins.artifacts import module_hash
from supervisor.secrets.box import SecretBox, load_key

MODULE = b"\0asm\1\0\0\0 of a plugin"
SECRET = "xoxb-very-secret-17"


def settings(data: Path) -> Config:
    return load_config(None, data=data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data directory with a ticket, and a plugin that has a secret."""
    folder = tmp_path / "data"

    async def fill() -> None:
        async with open_helpdesk(settings(folder)) as desk:
            person = await desk.users.create(SYSTEM, email="a@example.com", name="A")
            await desk.tickets.create(person.actor, TicketDraft("The first ticket", "x"))
            box = SecretBox(load_key(folder / "secret.key"))
            await desk.database.write(lambda db: put_plugin(db, box))

    trio.run(fill)
    (folder / "modules").mkdir(mode=0o700)
    (folder / "modules" / f"{module_hash(MODULE)}.wasm").write_bytes(MODULE)
    return folder


def put_plugin(db: sqlite3.Connection, box: SecretBox) -> None:
    db.execute(
        "INSERT INTO plugins (id, sha256, size, manifest, report, source, installed_at,"
        " installed_by, enabled, claimed_seq, settled_seq, error_count)"
        " VALUES ('org.example.p', ?, 0, '', '', '', 0, '', 0, 0, 0, 0)",
        (module_hash(MODULE),),
    )
    sealed = box.seal(SECRET, "org.example.p", "token")
    db.execute("INSERT INTO plugin_config VALUES ('org.example.p', 'token', NULL, ?)", (sealed,))


def ohd(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def subjects(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "ohd.sqlite3")
    try:
        return [s for (s,) in connection.execute("SELECT subject FROM tickets ORDER BY subject")]
    finally:
        connection.close()


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}


def rewrite(archive: Path, *extra: tuple[tarfile.TarInfo, bytes], **changed: bytes) -> Path:
    """Write another archive with some members changed, and more behind them."""
    target = archive.with_name("changed.tar")
    with tarfile.open(target, "w") as tar:
        for name, body in (members(archive) | changed).items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        for info, body in extra:
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return target


def test_a_backup_restores_everything_somewhere_else(data, tmp_path):
    archive = tmp_path / "backup.tar"
    done = ohd("backup", archive, "--data", data, "--with-key")
    assert done.exit_code == 0, done.output
    assert archive.stat().st_mode & 0o777 == 0o600
    other = tmp_path / "other"
    done = ohd("restore", archive, "--data", other)
    assert done.exit_code == 0, done.output
    assert subjects(other) == ["The first ticket"]
    assert (other / "modules" / f"{module_hash(MODULE)}.wasm").read_bytes() == MODULE
    assert (other / "secret.key").read_bytes() == (data / "secret.key").read_bytes()
    assert (other / "secret.key").stat().st_mode & 0o777 == 0o600

    async def audit() -> Sequence[AuditEntry]:
        async with open_helpdesk(settings(other)) as desk:
            return (await desk.audit.list(SYSTEM)).rows

    entry, *before = trio.run(audit)
    assert (entry.action, entry.origin) == ("backup.restored", "command line")
    assert "backup.restored" not in [earlier.action for earlier in before]
    assert not [path for path in other.iterdir() if path.name.startswith(".")]


def test_without_the_key_no_secret_is_in_a_backup(data, tmp_path):
    archive = tmp_path / "backup.tar"
    assert ohd("backup", archive, "--data", data).exit_code == 0
    held = members(archive)
    assert "secret.key" not in held
    assert SECRET.encode() not in b"".join(held.values())
    key = (data / "secret.key").read_bytes().strip()
    assert key not in b"".join(held.values())
    done = ohd("restore", archive, "--data", tmp_path / "other")
    assert "there is no key file" in done.output


def test_a_backup_is_one_moment_of_a_help_desk_that_is_being_written(data, tmp_path):
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        # As a second process would, through WAL.
        connection = sqlite3.connect(data / "ohd.sqlite3", isolation_level=None, timeout=120)
        try:
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute("BEGIN IMMEDIATE")
                for table in ("a", "b"):
                    connection.execute(
                        "INSERT OR REPLACE INTO settings VALUES (?, ?)", (table, str(number))
                    )
                connection.execute("COMMIT")
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            made = make_backup(
                settings(data), tmp_path / f"{number}.tar", tmp_path / "none", with_key=False
            )
            copy = tmp_path / "copy.sqlite3"
            copy.write_bytes(members(made)["ohd.sqlite3"])
            connection = sqlite3.connect(copy)
            pair = connection.execute("SELECT value FROM settings WHERE key IN ('a', 'b')")
            assert len({value for (value,) in pair.fetchall()}) <= 1
            connection.close()
    finally:
        stop.set()
        writer.join()
    assert failures == []


def test_a_directory_gets_a_file_with_the_time_in_its_name(data, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    assert ohd("backup", folder, "--data", data).exit_code == 0
    (made,) = folder.iterdir()
    assert made.name.startswith("open-help-desk-2")
    assert made.suffix == ".tar"


def test_an_existing_file_is_not_written_over(data, tmp_path):
    archive = tmp_path / "backup.tar"
    archive.write_text("mine")
    done = ohd("backup", archive, "--data", data)
    assert done.exit_code == 2
    assert "already exists" in done.output
    assert archive.read_text() == "mine"


def test_a_plugin_whose_module_is_missing_stops_the_backup_and_leaves_nothing(data, tmp_path):
    (data / "modules" / f"{module_hash(MODULE)}.wasm").unlink()
    folder = tmp_path / "backups"
    folder.mkdir()
    done = ohd("backup", folder, "--data", data)
    assert done.exit_code == 2
    assert "is missing" in done.output
    assert list(folder.iterdir()) == []


def test_a_running_server_keeps_its_data(data, tmp_path):
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data)
    with only_one(data):
        assert ohd("backup", tmp_path / "again.tar", "--data", data).exit_code == 0
        done = ohd("restore", archive, "--replace", "--data", data)
    assert done.exit_code == 2
    assert "another ohd process" in done.output
    assert subjects(data) == ["The first ticket"]


def test_what_was_there_is_kept_beside_what_is_restored(data, tmp_path):
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data)

    async def write() -> None:
        async with open_helpdesk(settings(data)) as desk:
            person = await desk.users.find_by_email(SYSTEM, "a@example.com")
            assert person is not None
            await desk.tickets.create(person.actor, TicketDraft("A later ticket", "x"))

    trio.run(write)
    assert ohd("restore", archive, "--data", data).exit_code == 2
    done = ohd("restore", archive, "--replace", "--data", data)
    assert done.exit_code == 0, done.output
    assert subjects(data) == ["The first ticket"]
    (kept,) = data.glob("before-restore-*")
    assert subjects(kept) == ["A later ticket", "The first ticket"]
    assert load_key(data / "secret.key")
    assert not (kept / "secret.key").exists()


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("ohd.sqlite3", lambda body: body[:-1] + b"x", "was changed since"),
        ("ohd.sqlite3", lambda body: body[:-100], "does not match the manifest"),
        ("manifest.json", lambda body: b"{}", "its manifest cannot be read"),
        ("manifest.json", lambda body: body.replace(b'"format": 1', b'"format": 9'), "format 9"),
        (
            "manifest.json",
            lambda body: body.replace(b"modules/", b"../../x/"),
            "not part of a backup",
        ),
        ("manifest.json", lambda body: body.replace(b"ohd.sqlite3", b"secret.key"), "no database"),
    ],
)
def test_a_damaged_backup_changes_nothing(data, tmp_path, name, damage, said):
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data)
    changed = rewrite(archive, **{name: damage(members(archive)[name])})
    other = tmp_path / "other"
    done = ohd("restore", changed, "--data", other)
    assert done.exit_code == 2
    assert said in done.output
    assert [path.name for path in other.iterdir()] == ["server.lock"]


def test_a_cut_off_backup_and_a_file_that_is_none_are_refused(data, tmp_path):
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data)
    whole = archive.read_bytes()
    for body in (whole[: len(whole) // 2], b"", b"<html>", whole[512:]):
        broken = tmp_path / "broken.tar"
        broken.write_bytes(body)
        done = ohd("restore", broken, "--data", tmp_path / "other")
        assert done.exit_code == 2, body[:20]
        assert done.output.startswith("ohd: ")


def test_members_that_the_manifest_does_not_name_are_refused(data, tmp_path):
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data)
    link = tarfile.TarInfo("modules/link.wasm")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for extra in ((link, b""), (tarfile.TarInfo("../outside"), b"x")):
        done = ohd("restore", rewrite(archive, extra), "--data", tmp_path / "other")
        assert done.exit_code == 2
        assert "does not match the manifest" in done.output
    assert not (tmp_path / "outside").exists()


def test_a_backup_of_a_newer_version_is_refused(data, tmp_path):
    connection = sqlite3.connect(data / "ohd.sqlite3")
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('helpdesk', 'm999_of_tomorrow', '')"
    )
    connection.commit()
    connection.close()
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data)
    done = ohd("restore", archive, "--data", tmp_path / "other")
    assert done.exit_code == 2
    assert "newer version" in done.output


def test_the_settings_file_goes_along_and_is_not_applied(data, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[log]\nlevel = "debug"\n')
    archive = tmp_path / "backup.tar"
    assert ohd("backup", archive, "--data", data, "--config", config).exit_code == 0
    other = tmp_path / "other"
    done = ohd("restore", archive, "--data", other)
    assert str(other / "restored.toml") in done.output
    assert (other / "restored.toml").read_text() == config.read_text()


def test_what_cannot_be_written_is_one_line_and_leaves_nothing(data, tmp_path):
    done = ohd("backup", tmp_path / "missing" / "backup.tar", "--data", data)
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    done = ohd("backup", tmp_path / "backup.tar", "--data", tmp_path / "nobody")
    assert done.exit_code == 2
    assert "no help desk here" in done.output


def test_the_manifest_says_what_a_backup_holds(data, tmp_path):
    archive = tmp_path / "backup.tar"
    ohd("backup", archive, "--data", data, "--with-key")
    held = members(archive)
    manifest = json.loads(held.pop("manifest.json"))
    assert set(manifest["files"]) == set(held)
    assert {n: e["size"] for n, e in manifest["files"].items()} == {
        name: len(body) for name, body in held.items()
    }
