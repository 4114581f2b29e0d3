"""``ohd plugin list`` and its siblings: against a running server, else against its data."""

import getpass
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import click

from cli.admin import PluginAdmin
from cli.compose import open_house
from cli.config import Config, load_config
from cli.control import COMMAND_LINE, RunningServer
from cli.errors import run
from cli.tables import print_table
from helpdesk.audit import acting_from
from supervisor.text import clean_text
from supervisor.views import PluginView, ProcessView

_MIB = 1 << 20
_LONGEST_LINE = 20_000
_NONE = "No plugins are installed."
_PROCESS_COLUMNS = (
    *("id", "state", "pid", "uptime", "restarts", "CPU %", "memory"),
    *("guest memory", "waiting", "delivered", "errors"),
)

data_options = [
    click.option("--config", type=click.Path(path_type=Path), help="Settings file."),
    click.option("--data", type=click.Path(path_type=Path), help="Data directory."),
]


def with_data(command: Any) -> Any:
    """Give a command the options that say which help desk it is about."""
    for option in reversed(data_options):
        command = option(command)
    return command


@asynccontextmanager
async def open_admin(settings: Config) -> AsyncIterator[PluginAdmin]:
    """Reach the server of the data directory if one runs, else open the data directory."""
    server = RunningServer(settings.data)
    if await server.available():
        yield cast(PluginAdmin, server)
    else:
        async with open_house(settings, run_plugins=False) as house:
            with acting_from(COMMAND_LINE):
                yield house.plugins


@click.command()
@click.argument("plugin_id")
@with_data
def enable(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Switch a plugin on."""
    _switch(plugin_id, load_config(config, data=data), enabled=True)


@click.command()
@click.argument("plugin_id")
@with_data
def disable(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Switch a plugin off."""
    _switch(plugin_id, load_config(config, data=data), enabled=False)


def _switch(plugin_id: str, settings: Config, *, enabled: bool) -> None:
    async def go() -> None:
        async with open_admin(settings) as admin:
            view = await admin.set_enabled(plugin_id, enabled, actor=actor())
        click.echo(f"{view.id} is {'enabled' if view.enabled else 'disabled'}")

    run(go)


@click.command()
@click.argument("plugin_id")
@with_data
def uninstall(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Delete a plugin and its configuration; ticket data that it set stays."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            await admin.uninstall(plugin_id, actor=actor())
        click.echo(f"{plugin_id} is uninstalled")

    run(go)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def list_plugins(as_json: bool, config: Path | None, data: Path | None) -> None:
    """List the installed plugins."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            views = await admin.plugins()
        if as_json:
            _print_json([asdict(view) for view in views])
        else:
            print_table(
                ("id", "version", "state", "errors", "events"),
                [_list_row(view) for view in views],
                nothing=_NONE,
            )

    run(go)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def ps(as_json: bool, config: Path | None, data: Path | None) -> None:
    """Show the plugins' processes."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            views = await admin.processes()
        if as_json:
            _print_json([asdict(view) for view in views])
        else:
            print_table(_PROCESS_COLUMNS, [_process_row(view) for view in views], nothing=_NONE)

    run(go)


@click.command()
@click.argument("plugin_id", required=False)
@click.option("-n", "--lines", type=click.IntRange(1, 5000), default=100, show_default=True)
@with_data
def logs(plugin_id: str | None, lines: int, config: Path | None, data: Path | None) -> None:
    """Show the newest log lines of one plugin, or of all."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            found = await admin.logs(plugin_id, limit=lines)
        for line in found:
            # The second and later lines of a message are set in, so that none passes for another's.
            message = clean_text(line.message, _LONGEST_LINE).replace("\n", "\n    ")
            click.echo(f"{line.at} {line.level:5} {line.plugin_id}: {message}")

    run(go)


def _list_row(view: PluginView) -> tuple[str, ...]:
    return (
        view.id,
        view.version,
        view.state.value,
        str(view.error_count),
        ", ".join(view.events),
    )


def _process_row(view: ProcessView) -> tuple[str, ...]:
    return (
        view.plugin_id,
        view.state.value,
        _or_dash(view.pid),
        _uptime(view.uptime_s),
        str(view.restarts),
        "-" if view.cpu_percent is None else f"{view.cpu_percent:.1f}",
        _mib(view.rss_bytes),
        _mib(view.guest_memory_bytes),
        str(view.waiting),
        str(view.delivered),
        str(view.errors),
    )


def _uptime(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in parts[:2])


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def _mib(value: int | None) -> str:
    return "-" if value is None else f"{value / _MIB:.1f} MiB"


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def actor() -> str:
    """Return who uses the command line."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):
        return "command line"
