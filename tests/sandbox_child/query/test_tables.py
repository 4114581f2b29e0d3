"""The views and the table of their names and columns say the same."""

import pytest

from sandbox_child.query import views
from sandbox_child.wire.queries import TABLES, For, Question
from tests.sandbox_child.query.conftest import Asked


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("asked_for", [For.EVERYTHING, For.NOBODY])
def test_a_view_has_the_columns_that_are_told(asked: Asked, table: str, asked_for: For):
    connection = asked.desk._helpdesk._connection_for(_question(asked_for))
    connection.set_authorizer(None)
    cursor = connection.execute(f"SELECT * FROM temp.{table} LIMIT 0")
    assert tuple(column[0] for column in cursor.description) == TABLES[table]


def _question(asked_for: For) -> Question:
    return Question("", (), 1.0, asked_for)


def test_no_view_reads_what_is_secret():
    for columns in views.READABLE.values():
        assert columns is None or not {"password_hash", "token_hash", "key_hash"} & columns
    assert "sessions" not in views.READABLE
    assert "settings" not in views.READABLE


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column)
        for table, columns in TABLES.items()
        for column in columns
        if (column.endswith("_id") and column != "customer_user_id") or column == "id"
    ],
)
def test_an_integer_is_found_by_its_digits_as_well(asked: Asked, table: str, column: str):
    asked.writer.execute(
        "INSERT INTO users (id, email, name, role, created_at)"
        " VALUES ('a1', 'root@example.com', 'Ada', 'admin', '')"
    )
    asked.writer.execute(
        "INSERT INTO tickets (id, number, subject, description, status, priority, submitter_id,"
        " created_at, updated_at) VALUES ('t1', 1, 's', '', 'New', 1, 'a1', '', '')"
    )
    rows = asked.rows(f"SELECT DISTINCT `{column}` AS v FROM `{table}`") or []
    for row in rows:
        found = asked.rows(f"SELECT 1 FROM `{table}` WHERE `{column}` = ?", [str(row["v"])])
        assert found, row
