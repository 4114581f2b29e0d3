"""``ohd backup``: one moment of a help desk in one file, whether its server runs or not.

SQLite's backup API copies a snapshot while others write. Modules lie by content hash and are never
changed, so they are copied behind it; one that was uninstalled in between has the snapshot taken
again. Secrets stay encrypted; the key goes along only where it is asked for.
"""

import importlib.metadata
import sqlite3
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.compose import DATABASE_FILE
from cli.config import Config, load_config
from cli.config_file import DEFAULT_PATH
from cli.data.archive import (
    CONFIG,
    DATABASE,
    FILES,
    KEY,
    MAIL,
    MODULES,
    Contents,
    write_archive,
)
from cli.data.own_databases import copy_all
from cli.errors import CannotGoOn, plain_errors
from cli.plugins.switching import with_data

_TRIES = 5


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--with-key", is_flag=True, help="Include the key that decrypts plugin secrets.")
@with_data
def backup(target: Path, with_key: bool, config: Path | None, data: Path | None) -> None:
    """Write a backup to TARGET, a file or an existing directory.

    The server can keep running. The backup contains all tickets and accounts: keep it safe.
    """
    with plain_errors():
        settings = load_config(config, data=data)
        made = make_backup(settings, target, config or DEFAULT_PATH, with_key=with_key)
    click.echo(f"{made} ({made.stat().st_size / (1 << 20):.1f} MiB)")
    if with_key:
        click.echo(
            "The backup contains the key: anyone who has it can read plugin secrets.", err=True
        )


def make_backup(settings: Config, target: Path, config: Path, *, with_key: bool) -> Path:
    """Write a backup and return its path. Blocking; raises CannotGoOn, OSError."""
    source = settings.data / DATABASE_FILE
    if not source.is_file():
        raise CannotGoOn(f"{settings.data}: no help desk here; choose one with --data")
    now = datetime.now(UTC)
    path = target / f"open-help-desk-{now:%Y%m%d-%H%M%S}.tar" if target.is_dir() else target
    if path.exists():
        raise CannotGoOn(f"{path} already exists; choose a new file")
    files = {KEY: settings.supervisor.key_file} if with_key else {}
    if with_key and not settings.supervisor.key_file.is_file():
        raise CannotGoOn(f"{settings.supervisor.key_file}: there is no key file to include")
    if config.is_file():
        files[CONFIG] = config
    # Beside the backup, not in the system's folder for temporary files: it is as large.
    with tempfile.TemporaryDirectory(prefix=".ohd-backup-", dir=path.parent) as folder:
        snapshot = Path(folder) / DATABASE
        for _ in range(_TRIES):
            modules = _take_snapshot(source, snapshot, settings.data / MODULES)
            stored = _files(settings.data / FILES) | _files(settings.data / MAIL)
            own = copy_all(settings.data, Path(folder))
            contents = {DATABASE: snapshot, **files, **modules, **stored, **own}
            with suppress(FileNotFoundError):  # a plugin was uninstalled meanwhile
                write_archive(path, Contents(_version(), _timestamp(now), contents))
                return path
    raise CannotGoOn(f"{settings.data}: plugins changed during the backup; try again")


def _take_snapshot(source: Path, snapshot: Path, modules: Path) -> dict[str, Path]:
    """Take a snapshot of the database; return the modules that lie there now."""
    needed = _copy_database(source, snapshot)
    there = {path.stem: path for path in modules.glob("*.wasm")}
    for sha256 in needed - there.keys():
        if sha256 in _copy_database(source, snapshot):
            raise CannotGoOn(f"{modules}: the module {sha256} is missing, which a plugin needs")
    return {f"{MODULES}/{path.name}": path for path in there.values()}


def _version() -> str:
    return importlib.metadata.version("open-help-desk")


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _files(folder: Path) -> dict[str, Path]:
    """Return stored contents by name; each was there before the row that speaks of it."""
    return {
        f"{folder.name}/{path.parent.name}/{path.name}": path for path in folder.glob("[0-9a-f]?/*")
    }


def _modules_of(database: sqlite3.Connection) -> set[str]:
    """Return the hashes of the modules that a database speaks of."""
    tables = {"plugins", "plugin_versions"}
    # The database may be one that an upgrade is still due for.
    known = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        sha256
        for table in sorted(tables & {name for (name,) in known})
        for (sha256,) in database.execute(f"SELECT sha256 FROM {table}")  # noqa: S608 - our names
    }


def _copy_database(source: Path, target: Path) -> set[str]:
    """Copy one moment of a database that others may be writing; return the modules it needs."""
    reader = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    target.unlink(missing_ok=True)
    try:
        copy = sqlite3.connect(target)
        try:
            # In one step: a copy in several would start again whenever somebody writes.
            reader.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise CannotGoOn(f"{source}: the database is damaged: {verdict}")
            target.chmod(0o600)
            return _modules_of(copy)
        finally:
            copy.close()
    except sqlite3.Error as exc:
        raise CannotGoOn(f"{source}: {exc}") from None
    finally:
        reader.close()
