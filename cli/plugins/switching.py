"""``ohd plugin list`` and its siblings: against a running server, else against its data."""

import getpass
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import click

from cli.compose import open_application, require_help_desk
from cli.config import Config, load_config
from cli.control.socket import COMMAND_LINE, RunningServer
from cli.errors import run
from cli.tables import print_table
from helpdesk.audit import acting_from
from supervisor.service import Supervisor
from supervisor.text import clean_text
from supervisor.views import PluginView

NO_PLUGINS = "No plugins are installed."
_LONGEST_REASON = 2_000

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
async def open_admin(settings: Config, *, may_create: bool = False) -> AsyncIterator[Supervisor]:
    """Reach the server of the data directory if one runs, else open the data directory."""
    server = RunningServer(settings.data)
    if await server.available():
        yield cast(Supervisor, server)
    else:
        if not may_create:
            require_help_desk(settings.data)
        async with open_application(settings, run_plugins=False) as application:
            with acting_from(COMMAND_LINE):
                yield application.supervisor


@click.command()
@click.argument("plugin_id")
@with_data
def enable(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Enable a plugin."""
    _switch(plugin_id, load_config(config, data=data), enabled=True)


@click.command()
@click.argument("plugin_id")
@with_data
def disable(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Disable a plugin."""
    _switch(plugin_id, load_config(config, data=data), enabled=False)


def _switch(plugin_id: str, settings: Config, *, enabled: bool) -> None:
    async def go() -> None:
        async with open_admin(settings) as admin:
            view = await admin.controls.set_enabled(plugin_id, enabled, actor=actor())
        click.echo(f"{view.id} is {'enabled' if view.enabled else 'disabled'}")

    run(go)


@click.command()
@click.argument("plugin_id")
@with_data
def uninstall(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Delete a plugin and its configuration. Its replies, notes and custom fields stay."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            await admin.controls.uninstall(plugin_id, actor=actor())
        click.echo(f"{plugin_id} uninstalled")

    run(go)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def list_plugins(as_json: bool, config: Path | None, data: Path | None) -> None:
    """List the installed plugins."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            views = await admin.overview.plugins()
        if as_json:
            print_json([asdict(view) for view in views])
        else:
            print_table(
                ("id", "version", "state", "errors", "events"),
                [_list_row(view) for view in views],
                nothing=NO_PLUGINS,
            )
            print_reasons(views)

    run(go)


def print_reasons(views: Sequence[PluginView]) -> None:
    """Say why plugins do not run that should, beside a table that says only that."""
    for view in views:
        if view.state_reason:
            reason = clean_text(view.state_reason, _LONGEST_REASON, lines=False)
            click.echo(f"{view.id}: {reason}", err=True)


def _list_row(view: PluginView) -> tuple[str, ...]:
    return (
        view.id,
        view.version,
        view.state.value,
        str(view.error_count),
        ", ".join(view.events),
    )


def print_permissions(view: PluginView, *, nothing: str) -> None:
    """Print what a plugin may do and may not, or the sentence ``nothing``."""
    print_table(
        ("permission", "", "description"),
        [
            (each.token, "granted" if each.granted else "withheld", each.sentence)
            for each in view.permissions
        ],
        nothing=nothing,
    )


def print_json(value: object) -> None:
    """Print a value for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def actor() -> str:
    """Return who uses the command line."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):
        return "command line"
