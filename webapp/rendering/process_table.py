"""The table of plugins' processes as it is shown: its columns, and each cell with what it sorts by.

A cell is made here for the page as it is loaded and for what is told live, so that both look the
same. The markup is that of ``process_cells.html``, which escapes whatever a plugin chose. It must
not know how a stream works.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from supervisor.views import PluginHistory, PluginView, ProcessView
from webapp.rendering.catalogues import ENGLISH, N_
from webapp.rendering.charts import Spark, spark
from webapp.rendering.templating import macros

SortKey = str | float | int | None


@dataclass(frozen=True, slots=True)
class Row:
    """Data of one plugin."""

    plugin: PluginView
    process: ProcessView
    spark: Spark | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in addresses and in the markup, and what it sorts by."""

    name: str
    label: str
    key: Callable[[Row], SortKey]
    is_number: bool = True
    hint: str = ""


COLUMNS: Final = (
    Column("plugin", N_("Plugin"), lambda row: row.plugin.name.casefold(), is_number=False),
    Column("state", N_("State"), lambda row: row.process.state.value, is_number=False),
    Column("pid", "PID", lambda row: row.process.pid),
    Column("uptime", N_("Uptime"), lambda row: row.process.uptime_s),
    Column("restarts", N_("Restarts"), lambda row: row.process.restarts),
    Column("cpu", "CPU", lambda row: row.process.cpu_percent, hint=N_("share of one processor")),
    Column(
        "memory", N_("Memory"), lambda row: row.process.uss_bytes, hint=N_("unique set size (USS)")
    ),
    Column("guest", N_("Guest memory"), lambda row: row.process.guest_memory_bytes),
    Column("threads", N_("Threads"), lambda row: row.process.threads),
    Column(
        "waiting", N_("Waiting"), lambda row: row.process.waiting, hint=N_("events in its queue")
    ),
    Column("in_flight", N_("In flight"), lambda row: row.process.in_flight),
    Column(
        "oldest",
        N_("Oldest"),
        lambda row: row.process.oldest_waiting_s,
        hint=N_("age of the oldest waiting event"),
    ),
    Column("rate", N_("Events / min"), lambda row: row.process.events_a_minute),
    Column("p50", "p50", lambda row: row.process.p50_ms, hint=N_("deliveries in the last hour")),
    Column("p95", "p95", lambda row: row.process.p95_ms, hint=N_("deliveries in the last hour")),
    Column("errors", N_("Errors (24\N{NO-BREAK SPACE}h)"), lambda row: row.process.errors_24h),
)
LAST_ERROR: Final = Column("last_error", N_("Last error"), lambda _row: None, is_number=False)
"""Shown below the plugin's name in the table, and by itself on the plugin's page."""
ALL_ERRORS: Final = Column("all_errors", N_("Errors (total)"), lambda row: row.process.errors)
"""Shown on the plugin's page alone: it says little of how the plugin is now."""
_BY_NAME: Final = {column.name: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it is shown."""

    sort: str
    html: str


Cells = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Order:
    """Sort order of the table."""

    column: str = "plugin"
    descending: bool = False

    @classmethod
    def read(cls, text: str) -> "Order":
        """Read ``?sort=``: a column's name, with a minus before it for the greatest first."""
        name = text.removeprefix("-")
        return cls(name, text.startswith("-")) if name in _BY_NAME else cls()

    def aria(self, column: str) -> str | None:
        """Return the column's ``aria-sort``; None where the table is not sorted by it."""
        if column != self.column:
            return None
        return "descending" if self.descending else "ascending"

    def next(self, column: Column) -> str:
        """Return the order that a click on a column's head asks for."""
        if column.name == self.column:
            return column.name if self.descending else f"-{column.name}"
        return f"-{column.name}" if column.is_number else column.name


def make_rows(
    plugins: Iterable[PluginView],
    processes: Iterable[ProcessView],
    histories: Mapping[str, PluginHistory],
) -> list[Row]:
    """Join what is known of each plugin."""
    by_id = {process.plugin_id: process for process in processes}
    return [
        Row(plugin, by_id[plugin.id], _spark(histories.get(plugin.id)))
        for plugin in plugins
        if plugin.id in by_id
    ]


def _spark(history: PluginHistory | None) -> Spark | None:
    return spark(history) if history is not None and history.points else None


def in_order(rows: Sequence[Row], order: Order) -> list[Row]:
    """Sort rows; those without a value stand last either way."""
    key = _BY_NAME[order.column].key
    known = [row for row in rows if key(row) is not None]
    known.sort(key=lambda row: key(row) or 0, reverse=order.descending)
    return known + [row for row in rows if key(row) is None]


def cells(row: Row, language: str = ENGLISH) -> dict[str, Cell]:
    """Return every cell of a row."""
    made = macros("process_cells.html", language)
    return {
        column.name: Cell(_sort_text(column.key(row)), str(getattr(made, column.name)(row)))
        for column in (*COLUMNS, LAST_ERROR, ALL_ERRORS)
    }


def _sort_text(key: SortKey) -> str:
    if key is None:
        return ""
    return f"{key:.3f}" if isinstance(key, float) else str(key)
