"""Copies of the databases that plugins have of their own, also while their processes write.

Such a process holds its database with an exclusive lock, so SQLite cannot copy it for anybody else.
It has two files. The database itself changes only when the log is written back to it, and the log
starts over with another first line. So both are copied, and looked at before and behind: where the
database is the same file in the same state and the log has the same first line, the copy is what a
crash at that moment would have left, which SQLite puts in order.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from cli.errors import CannotGoOn

FOLDER = "plugin-data"
"""In the data directory and in the archive."""
NAME = "own.sqlite3"
_TRIES = 20
_LOG_HEADER_BYTES = 32


def copy_all(data: Path, folder: Path) -> Mapping[str, Path]:
    """Copy every plugin's own database below ``folder``; return the copies by archive name.

    Blocking; raises CannotGoOn.
    """
    copies = {}
    for source in sorted((data / FOLDER).glob(f"*/{NAME}")):
        target = folder / FOLDER / source.parent.name / NAME
        target.parent.mkdir(parents=True, exist_ok=True)
        if _copy(source, target):
            copies[f"{FOLDER}/{source.parent.name}/{NAME}"] = target
    return copies


def _copy(source: Path, target: Path) -> bool:
    """Copy one database; False where it is gone, with its plugin."""
    log = source.with_name(f"{source.name}-wal")
    for _ in range(_TRIES):
        target.unlink(missing_ok=True)
        copied_log = target.with_name(f"{target.name}-wal")
        copied_log.unlink(missing_ok=True)
        before = _state(source, log)
        if before is None:
            return False
        try:
            shutil.copyfile(source, target)
            if log.exists():
                shutil.copyfile(log, copied_log)
        except FileNotFoundError:
            continue
        if _state(source, log) == before:
            _settle(source, target)
            return True
    raise CannotGoOn(f"{source}: it changed too often to be copied; try again")


def _state(source: Path, log: Path) -> tuple[int, int, int, bytes] | None:
    """Return what tells one state of the database from the next; None where there is none."""
    try:
        stat = source.stat()
    except FileNotFoundError:
        return None
    try:
        with log.open("rb") as file:
            header = file.read(_LOG_HEADER_BYTES)
    except FileNotFoundError:
        header = b""
    return stat.st_ino, stat.st_mtime_ns, stat.st_size, header


def _settle(source: Path, target: Path) -> None:
    """Put the copied log into the copied database, and look at it."""
    connection = sqlite3.connect(target)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as exc:
        raise CannotGoOn(f"{source}: {exc}") from None
    finally:
        connection.close()
    if verdict != "ok":
        raise CannotGoOn(f"{source}: the database of a plugin is damaged: {verdict}")
    target.chmod(0o600)
