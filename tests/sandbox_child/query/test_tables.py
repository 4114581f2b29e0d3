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
