"""``ohd plugin ps`` and ``ohd plugin logs``: what plugins do now, once or for as long as one looks.

Looking on needs a running server: where none runs nothing changes, and the data directory must not
be held meanwhile. Ctrl-C ends it.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click
import trio
from rich.console import Console, RenderableType
from rich.live import Live

from cli.config import Config, load_config
from cli.control.socket import RunningServer
from cli.errors import CannotGoOn, run
from cli.plugins.switching import NO_PLUGINS, open_admin, print_json, print_reasons, with_data
from cli.tables import laid_out, print_table, width_of
from supervisor.service import Supervisor
from supervisor.text import clean_text
from supervisor.views import LogLine, ProcessPart, ProcessView

_MIB = 1 << 20
_LONGEST_LINE = 20_000
_LONGEST_ERROR = 60
_LOOK_S = 1.0
_TAIL_S = 0.5
_TAIL_LINES = 500
_LEVELS = ("debug", "info", "warn", "error")
_COLUMNS = (
    *("id", "state", "pid", "uptime", "restarts", "CPU %", "own memory", "guest memory"),
    *("threads", "waiting", "oldest", "events/min", "p50 ms", "p95 ms", "errors (24 h)"),
    *("delivered", "errors", "last error"),
)
_SPARED = (
    *("last error", "delivered", "errors", "threads", "restarts", "uptime", "p50 ms", "pid"),
    *("oldest", "own memory", "events/min", "p95 ms", "guest memory", "CPU %"),
)
"""What a terminal that is too narrow for all does without while one looks on, in this order."""


@click.command()
@click.option("--watch", is_flag=True, help="Refresh every second, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def ps(watch: bool, as_json: bool, config: Path | None, data: Path | None) -> None:
    """Show plugin processes.

    Own memory is the memory freed when the process ends (USS); with ~ it is the memory it has in
    total, if the system does not report USS.
    """

    async def go() -> None:
        settings = load_config(config, data=data)
        if watch:
            await _watch(settings, as_json=as_json)
            return
        async with open_admin(settings) as admin:
            views, plugins = await admin.overview.processes(), await admin.overview.plugins()
        if as_json:
            print_json([asdict(view) for view in views])
        else:
            print_table(_COLUMNS, _rows(views), nothing=NO_PLUGINS)
            print_reasons(plugins)

    run(go)


async def _watch(settings: Config, *, as_json: bool) -> None:
    """Show the processes every second: in place on a terminal, else one look behind the other."""
    admin = await _running(settings)
    if as_json or not sys.stdout.isatty():
        while True:
            views = await admin.overview.processes()
            if as_json:
                click.echo(json.dumps([asdict(view) for view in views], ensure_ascii=False))
            else:
                print_table(_COLUMNS, _rows(views), nothing=NO_PLUGINS)
            await trio.sleep(_LOOK_S)
    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(_shown(await admin.overview.processes(), console.width), refresh=True)
            await trio.sleep(_LOOK_S)


def _shown(views: Sequence[ProcessView], room: int) -> RenderableType:
    if not views:
        return NO_PLUGINS
    columns: tuple[str, ...] = _COLUMNS
    rows = _rows(views)
    for spared in _SPARED:
        if width_of(columns, rows) <= room:
            break
        at = columns.index(spared)
        columns = columns[:at] + columns[at + 1 :]
        rows = [row[:at] + row[at + 1 :] for row in rows]
    return laid_out(columns, rows, room)[0]


@click.command()
@click.argument("plugin_id", required=False)
@click.option("-n", "--lines", type=click.IntRange(0, 5000), default=100, show_default=True)
@click.option("--level", type=click.Choice(_LEVELS), help="Show this level and above.")
@click.option("-f", "--follow", is_flag=True, help="Keep showing new lines, until Ctrl-C.")
@with_data
def logs(
    plugin_id: str | None,
    *,
    lines: int,
    level: str | None,
    follow: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Show the latest log lines of one plugin, or of all plugins."""

    async def go() -> None:
        settings = load_config(config, data=data)
        if follow:
            await _follow(await _running(settings), plugin_id, level, lines)
            return
        async with open_admin(settings) as admin:
            found = await admin.logs.read(plugin_id, level=level, limit=lines)
        _print_lines(found)

    run(go)


async def _follow(admin: Supervisor, plugin_id: str | None, level: str | None, lines: int) -> None:
    newest = await admin.logs.read(plugin_id, limit=1)
    last = newest[-1].id if newest else 0
    found = await admin.logs.read(plugin_id, level=level, limit=lines)
    _print_lines([line for line in found if line.id <= last])
    while True:
        more = await admin.logs.read(plugin_id, level=level, after=last, limit=_TAIL_LINES)
        _print_lines(more)
        last = more[-1].id if more else last
        if len(more) < _TAIL_LINES:
            await trio.sleep(_TAIL_S)


async def _running(settings: Config) -> Supervisor:
    """Return the server of the data directory; raises CannotGoOn where none runs."""
    server = RunningServer(settings.data)
    if not await server.available():
        raise CannotGoOn(f"no server runs on {settings.data}, so nothing can change")
    return cast(Supervisor, server)


def _print_lines(lines: Sequence[LogLine]) -> None:
    for line in lines:
        # The second and later lines of a message are set in, so that none passes for another's.
        message = clean_text(line.message, _LONGEST_LINE).replace("\n", "\n    ")
        click.echo(f"{line.at} {line.level:5} {line.plugin_id}: {message}")


def _rows(views: Sequence[ProcessView]) -> list[tuple[str, ...]]:
    """Return a row for each plugin, and behind a native one a row for each of its processes."""
    rows = []
    for view in views:
        rows.append(_row(view))
        rows += [_part_row(part) for part in view.parts]
    return rows


def _part_row(part: ProcessPart) -> tuple[str, ...]:
    known = {
        "id": f"  {part.role}",
        "pid": _number(part.pid),
        "CPU %": _number(part.cpu_percent, 1),
        "own memory": _own_memory(part),
        "threads": _number(part.threads),
    }
    return tuple(known.get(column, "") for column in _COLUMNS)


def _row(view: ProcessView) -> tuple[str, ...]:
    return (
        view.plugin_id,
        view.state.value,
        _number(view.pid),
        _span(view.uptime_s),
        str(view.restarts),
        _number(view.cpu_percent, 1),
        _own_memory(view),
        _guest_memory(view),
        _number(view.threads),
        str(view.waiting),
        _span(view.oldest_waiting_s),
        _number(view.events_a_minute, 1),
        _number(view.p50_ms, 2),
        _number(view.p95_ms, 2),
        str(view.errors_24h),
        str(view.delivered),
        str(view.errors),
        _first_line(view.last_error),
    )


def _own_memory(view: ProcessView | ProcessPart) -> str:
    if view.uss_bytes is not None:
        return f"{view.uss_bytes / _MIB:.1f} MiB"
    return "-" if view.rss_bytes is None else f"~{view.rss_bytes / _MIB:.1f} MiB"


def _guest_memory(view: ProcessView) -> str:
    if view.guest_memory_bytes is None:
        return "-"
    limit = view.guest_memory_limit_bytes / _MIB
    return f"{view.guest_memory_bytes / _MIB:.1f}/{limit:.0f} MiB"


def _first_line(error: str | None) -> str:
    if not error:
        return "-"
    line = error.splitlines()[0]
    return line if len(line) <= _LONGEST_ERROR else f"{line[:_LONGEST_ERROR]}…"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in parts[:2])


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
