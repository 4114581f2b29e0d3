"""What a plugin must not get by any words, and what no statement may cost."""

import sqlite3
import time

import pytest

from sandbox_child.query.errors import Refused
from sandbox_child.wire.queries import TABLES, Because, For, Question
from tests.sandbox_child.query.conftest import Asked

AT = "2026-04-05T14:00:00Z"


@pytest.fixture
def secrets(asked: Asked) -> Asked:
    """Return a desk over a help desk with something to hide."""
    asked.writer.execute(
        "INSERT INTO users (id, email, name, role, password_hash, created_at)"
        " VALUES ('p1', 'ana@example.com', 'Ana', 'staff', 'HASH-OF-ANA', ?)",
        (AT,),
    )
    asked.writer.execute("INSERT INTO settings VALUES ('smtp', 'SECRET-OF-SMTP')")
    return asked


REACHING = [
    "SELECT password_hash FROM users",
    "SELECT * FROM main.users",
    "SELECT * FROM temp.users",
    "SELECT * FROM helpdesk.users",
    "SELECT value FROM settings",
    "SELECT * FROM sessions",
    "SELECT * FROM tickets",
    "SELECT * FROM ticket_facts",
    "SELECT * FROM numbers",
    "SELECT * FROM audience",
    "SELECT * FROM ticket, settings",
    "SELECT * FROM ticket JOIN settings ON 1 = 1",
    "SELECT * FROM `settings`",
    "SELECT * FROM ticket UNION ALL SELECT * FROM settings",
    "SELECT (SELECT value FROM settings) FROM queue",
    "SELECT 1 FROM queue WHERE EXISTS (SELECT 1 FROM settings WHERE value LIKE 'S%')",
    "SELECT COUNT(*) FROM settings",
    "SELECT COUNT(*) FROM main.settings",
    "WITH users AS (SELECT password_hash AS id FROM users) SELECT id FROM users",
    "WITH ticket AS (SELECT value AS id FROM settings) SELECT id FROM ticket",
    "WITH users AS (SELECT password_hash FROM main.users) SELECT * FROM users",
    "WITH settings AS (SELECT 1 AS value) SELECT * FROM settings, main.settings",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM sqlite_temp_master",
    "SELECT COUNT(*) FROM sqlite_master",
    "SELECT name FROM pragma_table_info('users')",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM dbstat",
    "SELECT * FROM sqlite_stmt",
    "SELECT * FROM json_each('[1]')",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM mysql.user",
    "SELECT 1 AS v FROM gk_organisation LIMIT 1",
]


@pytest.mark.parametrize("sql", REACHING)
def test_nothing_but_the_views_is_reached(secrets: Asked, sql: str):
    caught = secrets.refused(sql)
    assert caught.because is Because.SQL
    assert "HASH-OF-ANA" not in caught.reason
    assert "SECRET-OF-SMTP" not in caught.reason


@pytest.mark.parametrize("sql", [s.replace("`", "") for s in REACHING if "information" not in s])
def test_nothing_is_reached_past_the_translation_either(secrets: Asked, sql: str):
    # SQLite's own words, as if the parser in front of it had let everything pass.
    helpdesk = secrets.desk._helpdesk
    question = Question(sql, (), 5.0, For.EVERYTHING, "", tuple(TABLES))
    secrets.desk._deadline.set(5.0)
    for own_names in (frozenset(), frozenset({"users", "ticket", "settings"})):
        with pytest.raises((Refused, sqlite3.Error)) as caught:
            helpdesk.query(sql, own_names, question)
        assert "HASH-OF-ANA" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE '/tmp/x.db' AS x",
        "PRAGMA table_info(users)",
        "PRAGMA query_only = 0",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('/tmp/x', 'y')",
        "SELECT edit('x')",
        "SELECT fts3_tokenizer('x')",
        "CREATE TEMP TABLE x (a)",
        "CREATE TEMP VIEW ticket AS SELECT 1",
        "DROP VIEW temp.ticket",
        "DELETE FROM main.users",
        "UPDATE temp.audience SET number = 1",
        "INSERT INTO main.settings VALUES ('a', 'b')",
        "VACUUM INTO '/tmp/x.db'",
        "BEGIN",
        "SAVEPOINT x",
        "ANALYZE",
        "REINDEX",
        "DETACH temp",
        "EXPLAIN SELECT 1",
    ],
)
def test_nothing_but_reading_is_done_past_the_translation(secrets: Asked, sql: str):
    helpdesk = secrets.desk._helpdesk
    secrets.desk._deadline.set(5.0)
    with pytest.raises(sqlite3.Error, match=r"authoriz|prohibited|syntax error|no such"):
        helpdesk.query(sql, frozenset(), Question(sql, (), 5.0, tables=tuple(TABLES)))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE ticket",
        "SELECT 1 /*! ; DELETE FROM users */",
        "SELECT 1 -- x\n; DELETE FROM users",
        "SELECT 1 # x\n; DELETE FROM users",
        "DELETE FROM ticket",
        "INSERT INTO ticket (id) VALUES (1)",
        "UPDATE ticket SET id = 1",
        "REPLACE INTO ticket (id) VALUES (1)",
        "SELECT $1",
        "SELECT 1::int",
        "SELECT :name",
        "SELECT @variable",
        "SELECT @@version",
        "SELECT SLEEP(10)",
        "SELECT BENCHMARK(1000000000, 1)",
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT * FROM ticket PROCEDURE ANALYSE()",
        "SELECT zeroblob(1000000000)",
        "SELECT randomblob(1000000000)",
        "SELECT printf('%1000000000d', 1)",
        "SELECT 1 FROM ticket WHERE",
        "SELECT '",
        "SELECT \0 1",
        "",
        ";",
        "/* nothing */",
    ],
)
def test_what_is_not_served_is_refused_in_words(asked: Asked, sql: str):
    caught = asked.refused(sql)
    assert caught.because is Because.SQL
    assert caught.reason
    assert "\n" not in caught.reason


def test_a_comment_changes_nothing(asked: Asked):
    assert asked.rows("SELECT 1 /* a */ AS `one` -- b\n") == [{"one": 1}]


ENDLESS = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n WHERE i > 1",
    "SELECT COUNT(*) FROM " + ", ".join(f"ticket_priority p{n}" for n in range(15)),
]


@pytest.mark.parametrize("sql", ENDLESS)
def test_a_query_without_end_ends(asked: Asked, sql: str):
    began = time.monotonic()
    assert asked.refused(sql, seconds=0.5).because is Because.TIMEOUT
    assert time.monotonic() - began < 30
    assert asked.rows("SELECT 1 AS one") == [{"one": 1}]


def counting(most: int, columns: str) -> str:
    inner = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}"
    return f"WITH RECURSIVE n(i) AS ({inner}) SELECT {columns} FROM n"


def doubling(times: int) -> str:
    text = "'xxxxxxxxxxxxxxxx'"
    for _ in range(times):
        text = f"REPLACE({text}, 'x', 'xxxxxxxxxxxxxxxx')"
    return f"SELECT LENGTH({text})"


@pytest.mark.parametrize(
    "sql",
    [
        doubling(12),
        "SELECT REPEAT(REPEAT('x', 1000000), 1000000) IS NULL AND 1 / 0 = 1 OR "
         "CONCAT(" + ", ".join(["REPEAT('x', 1000000)"] * 10) + ") = ''",
        counting(1_000_000, "i"),
        counting(9_000, "i, REPEAT('x', 1000) AS x"),
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT " + " + ".join(["1"] * 9000),
        "SELECT " + ", ".join(f"1 AS c{n}" for n in range(5000)),
        " UNION ALL ".join(["SELECT 1"] * 3000),
        "SELECT " + "x" * 70_000,
        "SELECT " + "1," * 20_000 + "1",
    ],
)  # fmt: skip
def test_what_asks_for_too_much_is_refused(asked: Asked, sql: str):
    caught = asked.refused(sql, seconds=30)
    assert caught.because in (Because.LIMIT, Because.SQL, Because.TIMEOUT)
    assert len(caught.reason) < 600
    assert asked.rows("SELECT 1 AS one") == [{"one": 1}]


def test_the_number_of_parameters_is_bounded_and_must_fit(asked: Asked):
    many = f"SELECT {' + '.join(['?'] * 300)} AS s"
    assert asked.rows(many, [1] * 300) == [{"s": 300}]
    assert asked.refused(many, [1] * 299).because is Because.SQL
    assert asked.refused(many, [1] * 301).because is Because.SQL
    assert asked.refused("SELECT 1", [1] * 2000).because is Because.LIMIT
    assert asked.refused("SELECT ?", [1 << 70]).because is Because.SQL


def test_a_person_is_not_a_word_of_the_statement(secrets: Asked):
    sql = "SELECT COUNT(*) AS n FROM ticket_state WHERE ? = ?"
    nobody = secrets.rows(sql, ["1", "1"], asked_for=For.PERSON, person="' OR 1 = 1 --")
    assert nobody == [{"n": 0}]


def test_a_row_has_no_number_but_its_id(secrets: Asked):
    assert secrets.rows("SELECT rowid AS r FROM users") == [{"r": None}]


def test_a_name_that_is_no_column_is_no_text_either(asked: Asked):
    assert "no such column" in asked.refused("SELECT `nothing` FROM ticket").reason
