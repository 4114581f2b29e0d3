"""``ohd plugin box``: the plugins that come with the help desk, and how each stands."""

from dataclasses import asdict
from pathlib import Path

import click

from cli.config import load_config
from cli.errors import run
from cli.plugins.switching import open_admin, print_json, with_data
from cli.tables import print_table
from supervisor.states import BoxStanding
from supervisor.views import BoxedPlugin


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def box(as_json: bool, config: Path | None, data: Path | None) -> None:
    """List the plugins that come with the help desk.

    Install one with `ohd plugin install --box NAME`. It starts disabled.
    """

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            boxed = await admin.box.all()
        if as_json:
            print_json([asdict(one) for one in boxed])
            return
        print_table(
            ("name", "version", "here", "permissions", "description"),
            [_row(one) for one in boxed],
            nothing="The box is empty.",
        )

    run(go)


def _row(one: BoxedPlugin) -> tuple[str, ...]:
    here = {
        BoxStanding.AVAILABLE: "not installed",
        BoxStanding.INSTALLED: f"{one.installed_version}, {one.state}",
        BoxStanding.UPDATE: f"{one.installed_version}, {one.state}; update available",
        BoxStanding.WAITING: f"{one.installed_version}, {one.state}; update waits for review",
    }[one.standing]
    asks = ", ".join(each.token for each in one.permissions) or "none"
    return one.name, one.version, here, asks, one.description
