"""A disk that is full, slow or read-only, and a database that somebody else holds."""

import contextlib
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.faults.breaking import CannotMount, FileLimit, FullDisk, can_mount, locked, mounted
from tests.faults.desk import PATIENCE_S, until

BUSY_S = 5.0
"""How long the help desk waits for another process: the busy timeout of its connections."""


@contextlib.contextmanager
def on_its_own_disk(site):
    if not can_mount():
        pytest.skip("only root can mount a small file system")
    try:
        with mounted(site):
            yield
    except CannotMount as reason:
        pytest.skip(f"no small file system can be mounted here: {reason}")


@pytest.mark.parametrize("kind", [FullDisk, FileLimit])
def test_a_full_disk_costs_time_and_nothing_that_was_acknowledged(kind, site, serve):
    with contextlib.ExitStack() as stack:
        if kind is FullDisk:
            stack.enter_context(on_its_own_disk(site))
        server = serve()
        assert server.ticket("Before") == 201
        server.wait_settled()
        disk = FullDisk(site) if kind is FullDisk else FileLimit(site, server)
        assert server.ticket("~l runs while the disk becomes full") == 201
        disk.fill()
        until(lambda: server.ticket("No room for this one") == 503)
        # Whoever reads notices nothing.
        assert server.request("GET", "/api/tickets")[0] == 200
        # The result of what ran is there, and waits for room.
        until(lambda: "database_not_written" in server.log())
        disk.free()
        until(lambda: server.ticket("After") == 201)
        books = server.wait_settled()
        assert books.problems == []
        assert books.outcomes["timeout"] == 1
        assert books.redelivered == 0
        assert server.stop() == 0
        assert site.left_over(server) == []
        server.close()


def test_a_database_held_by_another_process_costs_time_and_nothing_else(site, serve):
    server = serve()
    assert server.ticket("Before") == 201
    server.wait_settled()
    assert server.ticket("~l runs while the database is locked") == 201
    # Only the looping one may run then: one that writes would wait beyond its deadline.
    until(lambda: site.books(served=True).waiting == 1)
    with locked(site):
        began = time.monotonic()
        assert server.request("GET", "/api/tickets")[0] == 200
        assert server.ticket("Refused") == 503
        assert time.monotonic() - began >= BUSY_S * 0.9
        until(lambda: "database_not_written" in server.log())
    until(lambda: server.ticket("After") == 201)
    books = server.wait_settled()
    assert books.problems == []
    assert (books.outcomes["timeout"], books.redelivered) == (1, 0), (books, server.log())
    assert server.stop() == 0
    assert site.left_over(server) == []


def _read_s(server):
    began = time.monotonic()
    assert server.request("GET", "/api/tickets")[0] == 200
    return time.monotonic() - began


def test_a_slow_disk_delays_acknowledgements_and_nothing_else(site, serve):
    slow_s = 0.15
    server = serve(f"slow-disk:{slow_s}")
    for number in range(5):
        began = time.monotonic()
        assert server.ticket(f"Ticket {number}") == 201
        assert time.monotonic() - began >= slow_s
    read_s = min(_read_s(server) for _ in range(5))
    books = server.wait_settled()
    assert books.problems == []
    # The disk is not the plugins' fault: those that ask nothing of it end in time.
    assert books.outcomes["lost"] == 0
    assert books.redelivered == 0
    assert books.delivered >= 10
    assert read_s < 2.0
    assert server.stop() == 0
    assert site.left_over(server) == []


def fails_to_start(server):
    """Wait for the end of a server that cannot run; return its last words, one line."""
    assert server.wait_end() == 2, server.log()[-2000:]
    *_, last = server.log().strip().splitlines()
    assert last.startswith("ohd: ")
    assert "Traceback" not in server.log()
    return last


def test_a_read_only_data_directory_is_refused_in_one_line(site, serve):
    if not can_mount():
        site.data.chmod(0o500)
        for path in site.data.iterdir():
            path.chmod(0o500 if path.is_dir() else 0o400)
        fails_to_start(serve(wait=False))
        return
    with on_its_own_disk(site):
        again = ["mount", "-o", "remount,ro", str(site.folder)]
        config, log = site.folder / "config.toml", site.folder / "server.log"
        log.touch()
        subprocess.run(again, check=True)
        program = [sys.executable, "-m", "cli.main", "serve", "--config", str(config)]
        done = subprocess.run(
            [*program, "--data", str(site.data), "--port", "0"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("ohd: ")
    assert "Traceback" not in done.stderr


def test_a_database_that_is_none_is_refused_in_one_line(site, serve):
    for ending in ("-wal", "-shm"):
        (site.data / f"ohd.sqlite3{ending}").unlink(missing_ok=True)
    (site.data / "ohd.sqlite3").write_bytes(b"This is no database. " * 4096)
    server = serve(wait=False)
    assert "not a database" in fails_to_start(server)
    assert site.left_over(server) == []


def test_a_database_that_is_locked_at_the_start_is_refused_in_one_line(site, serve):
    with locked(site):
        assert "locked" in fails_to_start(serve(wait=False))
    server = serve()
    assert server.ticket("It works again") == 201


def test_a_stop_leaves_one_whole_file(site, serve):
    server = serve()
    assert server.ticket("A ticket") == 201
    server.wait_settled()
    assert server.stop() == 0
    # Without its log the file alone is the database: it can be copied as it is.
    address = f"{(site.data / 'ohd.sqlite3').as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as db:
        assert db.execute("SELECT count(*) FROM tickets").fetchone() == (1,)
    assert sorted(p.name for p in site.data.glob("ohd.sqlite3*")) == ["ohd.sqlite3"]
