"""``ohd plugin install`` and its siblings: against a running server, else against its data."""

import getpass
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import trio
from rich.console import Console
from rich.table import Table

from cli.compose import open_house
from cli.config import Config, load_config
from cli.control import PluginAdmin, RunningServer
from cli.errors import run
from supervisor.views import PluginView, ProcessView

_MIB = 1 << 20

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
        yield server
    else:
        async with open_house(settings, run_plugins=False) as house:
            yield house.plugins


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_data
def install(file: Path, config: Path | None, data: Path | None) -> None:
    """Install a module; it arrives disabled."""

    async def go() -> None:
        module = await trio.to_thread.run_sync(file.read_bytes)
        async with open_admin(load_config(config, data=data)) as admin:
            view = await admin.install(module, source=file.name, actor=_actor())
        click.echo(f"{view.id} {view.version} is installed and disabled")
        for warning in view.warnings:
            click.echo(f"warning: {warning}", err=True)
        click.echo(f"Switch it on: ohd plugin enable {view.id}")

    run(go)


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
            view = await admin.set_enabled(plugin_id, enabled, actor=_actor())
        click.echo(f"{view.id} is {'enabled' if view.enabled else 'disabled'}")

    run(go)


@click.command()
@click.argument("plugin_id")
@with_data
def uninstall(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Delete a plugin and its configuration; ticket data that it set stays."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            await admin.uninstall(plugin_id, actor=_actor())
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
            _print_table(
                ("id", "version", "state", "errors", "events"), [_list_row(view) for view in views]
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
            _print_table(
                (
                    *("id", "state", "pid", "uptime", "restarts", "CPU %", "memory"),
                    *("guest memory", "waiting", "delivered", "errors"),
                ),
                [_process_row(view) for view in views],
            )

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
            click.echo(f"{line.at} {line.level:5} {line.plugin_id}: {line.message}")

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
        "-" if view.uptime_s is None else f"{view.uptime_s:.0f} s",
        str(view.restarts),
        "-" if view.cpu_percent is None else f"{view.cpu_percent:.1f}",
        _mib(view.rss_bytes),
        _mib(view.guest_memory_bytes),
        str(view.waiting),
        str(view.delivered),
        str(view.errors),
    )


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def _mib(value: int | None) -> str:
    return "-" if value is None else f"{value / _MIB:.1f} MiB"


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text of plugins is not markup.
        table.add_row(*(text.replace("[", "\\[") for text in row))
    Console().print(table)


def _actor() -> str:
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):
        return "command line"
