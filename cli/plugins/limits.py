"""``ohd plugin limits``: what one plugin may use, and setting it."""

from collections.abc import Sequence
from pathlib import Path

import click

from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.plugins.switching import actor, open_admin, with_data
from cli.tables import print_table
from cli.values import pairs
from supervisor.errors import PluginNotFound
from supervisor.plugins.limits import TABLE, read_number
from supervisor.views import LimitView, PluginView

_ALL = "all"


@click.command()
@click.argument("plugin_id")
@click.option("--set", "wanted", multiple=True, metavar="NAME=NUMBER", help="Set a limit.")
@click.option(
    "--reset", multiple=True, metavar="NAME|all", help="Reset to the value in config.toml."
)
@with_data
def limits(
    plugin_id: str,
    wanted: tuple[str, ...],
    reset: tuple[str, ...],
    config: Path | None,
    data: Path | None,
) -> None:
    """Show or set the limits of a plugin.

    Changes apply after in-flight events finish.
    """
    changes = _changes(wanted, reset)

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            if changes:
                view = await admin.controls.set_limits(plugin_id, changes, actor=actor())
            else:
                view = _plugin(await admin.overview.plugins(), plugin_id)
        print_table(
            ("limit", "now", "config.toml", "unit", "from", "to", "of what"),
            [_row(limit) for limit in view.limits],
            nothing="",
        )

    run(go)


def _changes(wanted: Sequence[str], reset: Sequence[str]) -> dict[str, float | None]:
    """Return each limit with its number, or None where it goes back; raises CannotGoOn."""
    changes: dict[str, float | None] = dict.fromkeys(TABLE) if _ALL in reset else {}
    changes |= dict.fromkeys(name for name in reset if name != _ALL)
    for name, text in pairs(wanted, "--set").items():
        if name in reset:
            raise CannotGoOn(f"{name} is both set and reset; name it once")
        try:
            changes[name] = read_number(text)
        except ValueError as exc:
            raise CannotGoOn(f"--set {name}: {exc}") from None
    return changes


def _plugin(views: Sequence[PluginView], plugin_id: str) -> PluginView:
    for view in views:
        if view.id == plugin_id:
            return view
    raise PluginNotFound(plugin_id)


def _row(limit: LimitView) -> tuple[str, ...]:
    return (
        limit.name,
        f"{limit.value:,.15g}",
        f"{limit.default:,.15g}" if limit.is_overridden else "",
        limit.unit,
        f"{limit.least:,.15g}",
        f"{limit.most:,.15g}",
        limit.sentence,
    )
