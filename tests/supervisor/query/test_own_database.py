"""A plugin's own database: MySQL's definitions and changes, a quota, and nobody else's tables."""

from pathlib import Path

import psutil
import pytest

from supervisor.query import Change, QueryLimits, QueryRefused, RefusedBecause
from tests.supervisor.query.conftest import Library, ask, change, change_all, has_died

ARTICLES = """
CREATE TABLE IF NOT EXISTS gk_kb_articles (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT,
    org_id BIGINT(20) DEFAULT 0,
    title VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL COMMENT 'shown',
    slug VARCHAR(191) NOT NULL,
    content MEDIUMTEXT,
    ok TINYINT(1) NOT NULL DEFAULT 1,
    price DECIMAL(10,2) DEFAULT 0.00,
    status ENUM('draft', 'published') DEFAULT 'draft',
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    UNIQUE KEY uq_slug (org_id, slug(100)),
    KEY ix_status (status),
    FULLTEXT INDEX ft (title, content)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='articles'
"""


def bytes_of(folder: Path, names: str) -> int:
    return sum(each.stat().st_size for each in folder.glob(names))


async def refused(process, sql: str, arguments=(), **options) -> QueryRefused:
    with pytest.raises(QueryRefused) as caught:
        await change(process, sql, arguments, **options)
    return caught.value


async def test_a_table_of_mysqls_is_made_filled_and_read(library: Library):
    process = library.process(own="plugin.db")
    assert await change(process, ARTICLES) == 0
    assert await change(process, ARTICLES) == 0
    insert = "INSERT INTO gk_kb_articles (title, slug) VALUES (?, ?)"
    assert await change(process, insert, ["Hello", "hello"]) == 1
    assert await ask(process, "SELECT LAST_INSERT_ID() AS id") == [{"id": 1}]
    assert await change(process, insert, ["It's", "its"]) == 1

    found = await ask(
        process,
        "SELECT id, title, ok, price, status, updated_at, created_at <= NOW() AS past"
        " FROM gk_kb_articles WHERE title = 'HELLO' OR title LIKE '%t''s' ORDER BY id",
    )
    assert found == [
        {"id": 1, "title": "Hello", "ok": 1, "price": 0, "status": "draft", "updated_at": None,
         "past": 1},
        {"id": 2, "title": "It's", "ok": 1, "price": 0, "status": "draft", "updated_at": None,
         "past": 1},
    ]  # fmt: skip
    twice = await refused(process, insert, ["Again", "HELLO"])
    assert twice.because is RefusedBecause.SQL
    assert "UNIQUE" in twice.text


async def test_changes_of_mysqls(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE n (k VARCHAR(20) PRIMARY KEY, v INT NOT NULL DEFAULT 0)")
    upsert = "INSERT INTO n (k, v) VALUES (?, ?) ON DUPLICATE KEY UPDATE v = n.v + VALUES(v)"
    await change(process, upsert, ["a", 1])
    await change(process, upsert, ["A", 2])
    assert await ask(process, "SELECT k, v FROM n") == [{"k": "a", "v": 3}]
    assert await change(process, "INSERT IGNORE INTO n (k) VALUES ('a'), ('b')") == 1
    assert await change(process, "REPLACE INTO n (k, v) VALUES ('b', 7)") == 1
    assert await change(process, "INSERT INTO n SET k = 'c', v = 9") == 1
    assert await change(process, "UPDATE n SET n.v = v + 1 ORDER BY v DESC LIMIT 1") == 1
    assert await ask(process, "SELECT k, v FROM n ORDER BY k") == [
        {"k": "a", "v": 3}, {"k": "b", "v": 7}, {"k": "c", "v": 10},
    ]  # fmt: skip
    assert await change(process, "DELETE FROM n WHERE v < ? LIMIT 1", [8]) == 1
    assert await change(process, "TRUNCATE TABLE n") == 2
    assert await ask(process, "SELECT * FROM n") is None


async def test_tables_are_altered(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, x INT)")
    await change(process, "INSERT INTO a (x) VALUES (5)")
    await change(
        process,
        "ALTER TABLE a ADD COLUMN y INT UNSIGNED NOT NULL DEFAULT 3 AFTER id,"
        " ADD COLUMN t VARCHAR(10) NOT NULL, ADD INDEX ix (x), RENAME COLUMN x TO z",
    )
    assert await ask(process, "SELECT * FROM a") == [{"id": 1, "z": 5, "y": 3, "t": ""}]
    await change(process, "DROP INDEX ix ON a")
    await change(process, "CREATE UNIQUE INDEX ix ON a (z, t(5))")
    await change(process, "ALTER TABLE a DROP COLUMN y")
    await change(process, "ALTER TABLE a RENAME TO b")
    assert await ask(process, "SELECT * FROM b") == [{"id": 1, "z": 5, "t": ""}]
    await change(process, "DROP TABLE IF EXISTS a, b")
    assert "there is no table b" in (await refused(process, "DELETE FROM b")).text


async def test_a_definition_is_done_whole_or_not(library: Library):
    process = library.process(own="plugin.db")
    caught = await refused(process, "CREATE TABLE a (x INT, KEY k (missing))")
    assert caught.because is RefusedBecause.SQL
    await change(process, "CREATE TABLE a (x INT)")


async def test_several_changes_are_made_all_or_none(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (id INT PRIMARY KEY, v INT NOT NULL)")
    add, raise_ = "INSERT INTO a (id, v) VALUES (?, ?)", "UPDATE a SET v = v + 1 WHERE v = ?"
    made = await change_all(
        process, Change(add, (1, 5)), Change(add, (2, 5)), Change(raise_, (5,), 2)
    )
    assert made == 4
    before = [{"id": 1, "v": 6}, {"id": 2, "v": 6}]
    for expected, last in (
        (RefusedBecause.MOVED, Change(raise_, (5,), 1)),
        (RefusedBecause.SQL, Change(add, (1, 1))),
        (RefusedBecause.SQL, Change("SELECT id FROM a")),
        (RefusedBecause.SQL, Change("CREATE TABLE b (id INT)")),
        (RefusedBecause.SQL, Change("UPDATE ticket SET title = 'x'")),
        (RefusedBecause.SQL, Change("COMMIT")),
        (RefusedBecause.LIMIT, Change(add, ("x" * 5_000_000, 1))),
        (RefusedBecause.LIMIT, Change("DELETE FROM a WHERE id IN (" + "1," * 40_000 + "1)")),
    ):
        with pytest.raises(QueryRefused) as caught:
            await change_all(process, Change(add, (3, 3)), Change(raise_, (6,)), last)
        assert caught.value.because is expected
        assert await ask(process, "SELECT id, v FROM a ORDER BY id") == before
    # What a failed one was allowed is not allowed to the next.
    assert (await refused(process, "DELETE FROM sqlite_schema")).because is RefusedBecause.SQL
    assert await change_all(process, Change("DELETE FROM a")) == 2


async def test_several_changes_that_are_killed_leave_nothing_behind(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (id INT PRIMARY KEY)")
    endless = (
        "INSERT INTO a (id) WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i FROM n"
    )
    with pytest.raises(QueryRefused) as caught:
        await change_all(
            process, Change("INSERT INTO a (id) VALUES (1)"), Change(endless), seconds=1
        )
    assert caught.value.because in {RefusedBecause.TIMEOUT, RefusedBecause.LIMIT}
    assert await ask(process, "SELECT COUNT(*) AS n FROM a") == [{"n": 0}]


async def test_a_column_follows_updates(library: Library):
    process = library.process(own="plugin.db")
    await change(process, ARTICLES)
    await change(process, "INSERT INTO gk_kb_articles (title, slug) VALUES ('a', 'a')")
    assert await change(process, "UPDATE gk_kb_articles SET title = 'b'") == 1
    (row,) = await ask(
        process, "SELECT updated_at <= NOW() AS past, updated_at > '2026' AS dated"
        " FROM gk_kb_articles"
    )  # fmt: skip
    assert row == {"past": 1, "dated": 1}


async def test_what_is_written_outlives_the_process(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (x INT)")
    await change(process, "INSERT INTO a VALUES (1)")
    assert process.pid is not None
    psutil.Process(process.pid).kill()
    await has_died(process.pid)
    assert await ask(process, "SELECT x FROM a") == [{"x": 1}]
    await process.aclose()
    assert await ask(library.process(own="plugin.db"), "SELECT x FROM a") == [{"x": 1}]


async def test_a_change_that_is_killed_leaves_nothing_behind(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (x INT)")
    endless = (
        "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i FROM n"
    )
    caught = await refused(process, endless, seconds=1.0)
    assert caught.because in (RefusedBecause.TIMEOUT, RefusedBecause.LIMIT)
    assert await ask(process, "SELECT COUNT(*) AS n FROM a") == [{"n": 0}]


async def test_a_database_does_not_grow_past_its_quota(library: Library, tmp_path: Path):
    limits = QueryLimits(own_bytes=1 << 20)
    process = library.process(own="plugin.db", limits=limits)
    await change(process, "CREATE TABLE a (x MEDIUMTEXT)")
    text = "x" * 100_000
    reasons = []
    for _ in range(30):
        try:
            await change(process, "INSERT INTO a VALUES (?)", [text])
        except QueryRefused as exc:
            reasons.append(exc.because)
    assert reasons
    assert set(reasons) == {RefusedBecause.LIMIT}
    (row,) = await ask(process, "SELECT COUNT(*) AS n FROM a")
    assert 8 <= row["n"] <= 10
    await change(process, "DELETE FROM a")
    assert await change(process, "INSERT INTO a VALUES (?)", [text]) == 1
    await process.aclose()
    assert bytes_of(tmp_path, "plugin.db*") <= 3 * limits.own_bytes


async def test_two_plugins_do_not_meet(library: Library):
    one, other = library.process(own="one.db"), library.process(own="two.db")
    await change(one, "CREATE TABLE secret (x INT)")
    with pytest.raises(QueryRefused, match="there is no table"):
        await ask(other, "SELECT * FROM secret")
    with pytest.raises(QueryRefused, match="no database of its own"):
        await change(library.process(), "CREATE TABLE secret (x INT)")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ticket SET title = 'x'",
        "DELETE FROM users",
        "INSERT INTO queue (name) VALUES ('x')",
        "CREATE TABLE ticket (id INT)",
        "DROP TABLE ticket",
        "ALTER TABLE users ADD COLUMN x INT",
        "ALTER TABLE a RENAME TO groups",
        "INSERT INTO a SELECT id FROM ticket",
        "UPDATE a SET x = (SELECT COUNT(*) FROM tickets)",
        "SELECT 1",
        "ATTACH DATABASE 'x' AS y",
        "PRAGMA writable_schema = 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END",
        "CREATE VIRTUAL TABLE v USING fts5(x)",
        "CREATE TEMPORARY TABLE t (x INT)",
        "CREATE TABLE b AS SELECT * FROM a",
        "CREATE TABLE b LIKE a",
        "CREATE TABLE sqlite_x (a INT)",
        "CREATE TABLE main.b (a INT)",
        "INSERT INTO sqlite_master VALUES (1, 2, 3, 4, 5)",
        "UPDATE sqlite_schema SET sql = ''",
        "DELETE FROM sqlite_sequence",
        "DROP TABLE sqlite_master",
        "INSERT INTO a VALUES (1); DELETE FROM a",
        "INSERT INTO a VALUES (load_extension('x'))",
        "INSERT INTO a VALUES (zeroblob(1000000000))",
        "BEGIN",
        "VACUUM",
        "VACUUM INTO '/tmp/x'",
        "REINDEX",
        "ANALYZE",
        "SET NAMES utf8",
        "CALL p()",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE a",
        "GRANT ALL ON a TO b",
        "",
    ],
)
async def test_what_no_plugin_may_change_is_refused(library: Library, sql: str):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (x INT)")
    caught = await refused(process, sql)
    assert caught.because is RefusedBecause.SQL
    assert await ask(process, "SELECT COUNT(*) AS n FROM a") == [{"n": 0}]


async def test_a_statement_about_both_is_refused_with_what_to_do(library: Library):
    process = library.process(own="plugin.db")
    await change(process, "CREATE TABLE a (x INT)")
    with pytest.raises(QueryRefused, match="either tables of the help desk or the plugin's own"):
        await ask(process, "SELECT 1 FROM a JOIN ticket ON ticket.id = a.x")


async def test_a_damaged_database_costs_the_plugins_tables_alone(library: Library, tmp_path: Path):
    (tmp_path / "plugin.db").write_bytes(b"no database, " * 1000)
    process = library.process(own="plugin.db")
    caught = await refused(process, "CREATE TABLE a (x INT)")
    assert caught.because is RefusedBecause.FAILED
    assert "cannot be opened" in caught.text
    assert await ask(process, "SELECT COUNT(*) AS n FROM ticket") == [{"n": 0}]
