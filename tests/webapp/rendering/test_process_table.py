"""The process table: how it is sorted, and what its cells sort by."""

from dataclasses import replace
from typing import Any

import pytest

from tests.webapp.conftest import FakeSupervisor, module_with, process_of
from webapp.rendering.process_table import COLUMNS, Order, cells, in_order, make_rows


async def rows(**cpu: float | None) -> list[Any]:
    shelf = FakeSupervisor()
    for name in cpu:
        await shelf.installs.install(
            module_with(id=f"org.example.{name}", name=name), source="x", actor="x"
        )
    plugins = await shelf.overview.plugins()
    processes = [
        replace(process_of(one), cpu_percent=cpu[one.name], uptime_s=75.5) for one in plugins
    ]
    return make_rows(plugins, processes, {})


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("", ["a", "B", "c"]),
        ("-plugin", ["c", "B", "a"]),
        ("cpu", ["c", "a", "B"]),
        ("-cpu", ["a", "c", "B"]),
        ("<script>", ["a", "B", "c"]),
        ("last_error", ["a", "B", "c"]),
    ],
)
async def test_the_table_is_sorted_and_what_is_unknown_stands_last(
    asked: str, order: list[str]
) -> None:
    found = in_order(await rows(a=2.0, B=None, c=0.5), Order.read(asked))
    assert [row.plugin.name for row in found] == order


async def test_every_column_has_a_cell_and_a_number_sorts_by_itself() -> None:
    (row,) = await rows(a=None)
    found = cells(row)
    assert {column.name for column in COLUMNS} < found.keys()
    assert (found["uptime"].sort, found["uptime"].html) == ("75.500", "1 min 15 s")
    assert found["cpu"].sort == ""


def test_a_click_asks_for_the_greatest_first_and_a_second_one_turns_round() -> None:
    cpu = next(column for column in COLUMNS if column.name == "cpu")
    assert Order.read("").next(cpu) == "-cpu"
    assert Order.read("-cpu").next(cpu) == "cpu"
    assert Order.read("-cpu").aria("cpu") == "descending"
    assert Order.read("-cpu").aria("plugin") is None
