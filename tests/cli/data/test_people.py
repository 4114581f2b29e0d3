"""``ohd user`` and ``ohd apikey``."""

import sqlite3
from contextlib import closing

import pytest

from cli.compose import DATABASE_FILE

DATA = ("--data", "data")
PASSWORD = "a long enough password\n"


def create(ohd, email="sam@example.com", role="staff", stdin=PASSWORD):
    words = ("--name", "Sam Ortiz", "--role", role)
    return ohd.good("user", "create", email, *words, *DATA, stdin=stdin)


def test_an_account_is_made_with_a_password_from_standard_input(ohd):
    assert create(ohd) == "sam@example.com is staff\n"


@pytest.mark.parametrize(
    ("email", "stdin", "words"),
    [
        ("sam@example.com", "short\n", "password: expected 8 to 1,024 characters, found 5"),
        ("sam@example.com", "", "password: expected 8"),
        ("no address", PASSWORD, "email: expected"),
    ],
)
def test_what_does_not_fit_is_one_line_and_makes_no_account(ohd, email, stdin, words):
    line = ohd.refused("user", "create", email, "--name", "Sam", *DATA, stdin=stdin)
    assert words in line
    assert stdin.strip() == "" or stdin.strip() not in line
    create(ohd)


def test_an_address_that_is_taken_is_refused(ohd):
    create(ohd)
    line = ohd.refused("user", "create", "SAM@example.com", "--name", "S", *DATA, stdin=PASSWORD)
    assert "belongs to another account" in line


def test_a_role_that_is_none_is_refused(ohd):
    result = ohd("user", "create", "a@example.com", "--name", "A", "--role", "king", *DATA)
    assert result.exit_code == 2
    assert "'admin', 'staff', 'user'" in result.stderr


def test_a_key_is_printed_once_and_alone(ohd):
    create(ohd)
    printed = ohd.good("apikey", "create", "sam@example.com", "--name", "scripts", *DATA)
    (key,) = printed.split()
    assert key.startswith("ohd_sk_")
    stored = b"".join(
        path.read_bytes() for path in (ohd.folder / "data").rglob("*") if path.is_file()
    )
    assert key.encode() not in stored


def test_a_key_for_nobody_is_refused(ohd):
    line = ohd.refused("apikey", "create", "nobody@example.com", "--name", "x", *DATA)
    assert line == "there is no account with the email address nobody@example.com"


def test_what_the_operator_changes_is_in_the_audit_log(ohd):
    create(ohd)
    ohd.good("apikey", "create", "sam@example.com", "--name", "scripts", *DATA)
    with closing(sqlite3.connect(ohd.folder / "data" / DATABASE_FILE)) as database:
        query = "SELECT action, subject, actor_id, origin FROM audit_log ORDER BY id"
        entries = database.execute(query).fetchall()
    assert [entry[:2] for entry in entries] == [
        ("user.created", "sam@example.com"),
        ("api_key.created", "sam@example.com"),
    ]
    for *_, actor, origin in entries:
        assert actor.startswith("command line")
        assert origin == "command line"


def test_sessions_are_listed_and_ended_and_factors_reset(ohd):
    create(ohd)
    with closing(sqlite3.connect(ohd.folder / "data" / DATABASE_FILE)) as database:
        (person,) = database.execute("SELECT id FROM users").fetchone()
        session = (b"h" * 32, person, "2026-04-05T14:00:00Z", "2999-01-01T00:00:00Z", "Firefox")
        database.execute(
            "INSERT INTO sessions (token_hash, user_id, created_at, expires_at, client)"
            " VALUES (?, ?, ?, ?, ?)",
            session,
        )
        database.execute("INSERT INTO recovery_codes VALUES (?, ?)", (person, b"h"))
        database.commit()
        assert ohd.good("user", "sessions", "sam@example.com", *DATA) == (
            "2026-04-05T14:00:00Z  Firefox\n"
        )
        ended = ohd.good("user", "sessions", "sam@example.com", "--end", *DATA)
        assert ended == "1 sessions ended\n"
        ohd.good("user", "reset-second-factor", "sam@example.com", *DATA)
        assert database.execute("SELECT count(*) FROM recovery_codes").fetchone() == (0,)
    line = ohd.refused("user", "reset-second-factor", "nobody@example.com", *DATA)
    assert line == "there is no account with the email address nobody@example.com"
