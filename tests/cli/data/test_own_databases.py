"""Plugins' own databases in a backup: whole, also while somebody holds and writes them."""

import sqlite3
import threading
from pathlib import Path

import pytest

from cli.data.own_databases import FOLDER, NAME, copy_all
from cli.errors import CannotGoOn
from sandbox_child.query.opening import open_own

PLUGIN = "0" * 32


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "data" / FOLDER / PLUGIN / NAME
    path.parent.mkdir(parents=True)
    return path


def rows(path: Path) -> list[tuple[int, int]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*), coalesce(sum(n), 0) FROM t").fetchall()
    finally:
        connection.close()


def test_what_is_in_the_log_alone_is_copied_too(tmp_path: Path, own: Path) -> None:
    connection = open_own(own, 1 << 20)
    connection.execute("CREATE TABLE t (n INTEGER)")
    connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(10)])
    copies = copy_all(tmp_path / "data", tmp_path / "copy")
    connection.close()
    (name,) = copies
    assert name == f"{FOLDER}/{PLUGIN}/{NAME}"
    assert rows(copies[name]) == [(10, 45)]
    assert not copies[name].with_name(f"{NAME}-wal").exists()


def test_a_copy_beside_a_writer_is_of_one_moment(tmp_path: Path, own: Path) -> None:
    connection = open_own(own, 8 << 20)
    connection.execute("CREATE TABLE t (n INTEGER, filler TEXT)")
    enough = threading.Event()

    def write() -> None:
        while not enough.is_set():
            # Ten rows that cancel each other out, or none of them.
            connection.execute("BEGIN")
            for n in (*range(5), *(-n for n in range(5))):
                connection.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * 500))
            connection.execute("COMMIT")
            connection.execute("DELETE FROM t WHERE rowid < (SELECT max(rowid) - 1000 FROM t)")
            enough.wait(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(20):
            copies = copy_all(tmp_path / "data", tmp_path / f"copy{number}")
            (copy,) = copies.values()
            connection_to_copy = sqlite3.connect(copy)
            (verdict,) = connection_to_copy.execute("PRAGMA integrity_check").fetchone()
            connection_to_copy.close()
            assert verdict == "ok"
    finally:
        enough.set()
        writer.join()
        connection.close()


def test_a_damaged_database_is_named(tmp_path: Path, own: Path) -> None:
    own.write_bytes(b"SQLite format 3\0" + b"\xff" * 8_000)
    with pytest.raises(CannotGoOn, match=PLUGIN):
        copy_all(tmp_path / "data", tmp_path / "copy")


def test_a_help_desk_without_any_has_none(tmp_path: Path) -> None:
    assert copy_all(tmp_path, tmp_path / "copy") == {}
