"""``ohd restore``: puts a backup in the place of a data directory, whose server must not run.

The backup is unpacked and checked beside what is there; only when all of it is right is anything
moved, and what was there before is kept in a folder of its own. The data directory itself stays,
so that it may be a mount point.
"""

import os
import secrets
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.compose import DATABASE_FILE, LOCK_FILE, known_migrations, only_one, open_helpdesk
from cli.config import Config, load_config
from cli.control.socket import COMMAND_LINE
from cli.data.archive import CONFIG, DATABASE, KEY, Manifest, open_archive
from cli.errors import CannotGoOn, plain_errors, run
from cli.plugins.switching import actor, with_data
from helpdesk.audit import acting_from

_OLD = "before-restore-"


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the existing help desk.")
@with_data
def restore(source: Path, replace: bool, config: Path | None, data: Path | None) -> None:
    """Restore the backup SOURCE into the data directory.

    The previous data is kept next to it. Events that plugins had not finished when the backup
    was made are delivered again.
    """
    settings = load_config(config, data=data)
    with plain_errors():
        manifest, kept = put_back(settings, source, replace=replace)
    run(_note, settings, manifest)
    click.echo(f"{settings.data} now contains the backup of {manifest.made_at}")
    if kept is not None:
        click.echo(f"The previous data is in {kept}")
    if KEY not in manifest.files and not settings.supervisor.key_file.exists():
        click.echo(
            f"warning: there is no key file {settings.supervisor.key_file}, and the backup "
            "has none: plugins with secrets stay disabled until you restore the key or enter the "
            "secrets again",
            err=True,
        )
    if CONFIG in manifest.files:
        click.echo(f"The backup also contains a settings file: {settings.data / 'restored.toml'}")


def put_back(settings: Config, source: Path, *, replace: bool) -> tuple[Manifest, Path | None]:
    """Restore; return what was restored and where lies what was there before. Blocking.

    Raises CannotGoOn, with everything as it was.
    """
    data = settings.data
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(data):
        if (data / DATABASE_FILE).exists() and not replace:
            raise CannotGoOn(f"{data} already contains a help desk; use --replace to move it aside")
        fresh = data / f".restore-{secrets.token_hex(4)}"
        fresh.mkdir(mode=0o700)
        try:
            with open_archive(source) as archive:
                archive.unpack(fresh)
                manifest = archive.manifest
            _check_database(fresh / DATABASE)
            kept = _swap(data, fresh, keep_key=KEY not in manifest.files)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return manifest, kept


async def _note(settings: Config, manifest: Manifest) -> None:
    """Bring the restored database up to date, and write the restore into its audit log."""
    async with open_helpdesk(settings) as helpdesk:
        with acting_from(COMMAND_LINE):
            record = helpdesk.audit.stamp(actor(), "backup.restored", "database")
        changes = {"made_at": manifest.made_at, "version": manifest.version}
        await helpdesk.database.write(lambda db: record(db, changes))


def _check_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        found = connection.execute("SELECT migration_set, name FROM _sqlite_migrations")
        applied = set(found.fetchall())
    except sqlite3.DatabaseError as exc:
        raise CannotGoOn(f"the database in the backup is damaged: {exc}") from None
    finally:
        connection.close()
    if verdict != "ok":
        raise CannotGoOn(f"the database in the backup is damaged: {verdict}")
    if unknown := sorted(applied - known_migrations()):
        raise CannotGoOn(
            f"the backup is from a newer version, with the unknown change {unknown[0][1]!r}; "
            "install that version first"
        )


def _swap(data: Path, fresh: Path, *, keep_key: bool) -> Path | None:
    """Move what is there aside and the backup in; a stop in between leaves both on the disk."""
    staying = {LOCK_FILE, fresh.name, *((KEY,) if keep_key else ())}
    going = [
        path
        for path in sorted(data.iterdir())
        if path.name not in staying and not path.name.startswith(_OLD)
    ]
    kept = None
    if going:
        kept = data / f"{_OLD}{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        kept.mkdir(mode=0o700)
        for path in going:
            path.rename(kept / path.name)
    config = fresh / CONFIG
    if config.exists():
        config.rename(fresh / "restored.toml")
    for path in sorted(fresh.iterdir()):
        path.rename(data / path.name)
    _sync(data)
    return kept


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
