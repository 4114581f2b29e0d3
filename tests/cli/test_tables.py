"""Tables are read by people and by programs."""

import sys

import click
import pytest

from cli.tables import print_table

COLUMNS = ("id", "state", "events")
ROWS = [
    ("com.example.a-plugin-with-a-rather-long-identifier", "running", "ticket.created"),
    ("com.example.b", "backing_off", "ticket.created, ticket.status_changed, ticket.resolved"),
]


@pytest.fixture
def terminal(monkeypatch):
    """Make stdout a terminal of so many columns."""

    def set_width(columns):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))

    return set_width


def printed(capsys):
    print_table(COLUMNS, ROWS, nothing="Nothing.")
    text = click.unstyle(capsys.readouterr().out)
    return [line.rstrip() for line in text.splitlines()]


def test_in_a_pipe_a_row_is_a_line_and_nothing_is_cut(capsys):
    head, first, second = printed(capsys)
    assert head.split() == list(COLUMNS)
    assert first.split() == list(ROWS[0])
    assert second.endswith("ticket.created, ticket.status_changed, ticket.resolved")
    assert head.index("state") == first.index("running") == second.index("backing_off")


def test_on_a_wide_terminal_it_is_the_same(capsys, terminal):
    terminal(200)
    assert len(printed(capsys)) == 3


def test_on_a_narrow_terminal_each_row_is_a_block(capsys, terminal):
    terminal(80)
    assert printed(capsys) == [
        ROWS[0][0],
        "  state   running",
        "  events  ticket.created",
        ROWS[1][0],
        "  state   backing_off",
        "  events  ticket.created, ticket.status_changed, ticket.resolved",
    ]


def test_without_rows_there_is_a_sentence(capsys):
    print_table(COLUMNS, [], nothing="No plugins are installed.")
    assert capsys.readouterr().out == "No plugins are installed.\n"


def test_text_of_plugins_is_neither_markup_nor_an_escape(capsys):
    print_table(("a", "b"), [("[red]x[/red]", "\x1b[31mred\x1b[0m\nnext")], nothing="")
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 2
