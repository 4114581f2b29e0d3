"""``ohd plugin grant`` and ``revoke``: one permission of one plugin."""

from pathlib import Path

import click

from cli.config import load_config
from cli.errors import run
from cli.plugins.switching import actor, open_admin, print_permissions, with_data


@click.command()
@click.argument("plugin_id", metavar="ID")
@click.argument("permission", metavar="PERMISSION[:SCOPE]")
@with_data
def grant(plugin_id: str, permission: str, config: Path | None, data: Path | None) -> None:
    """Grant a permission, immediately: db:read:ticket,queue or http:api.example.com."""
    run(_change, plugin_id, permission, True, config, data)


@click.command()
@click.argument("plugin_id", metavar="ID")
@click.argument("permission", metavar="PERMISSION[:SCOPE]")
@with_data
def revoke(plugin_id: str, permission: str, config: Path | None, data: Path | None) -> None:
    """Revoke a permission, immediately."""
    run(_change, plugin_id, permission, False, config, data)


async def _change(
    plugin_id: str, permission: str, granted: bool, config: Path | None, data: Path | None
) -> None:
    async with open_admin(load_config(config, data=data)) as admin:
        change = admin.controls.grant if granted else admin.controls.revoke
        view = await change(plugin_id, permission, actor=actor())
    print_permissions(view, nothing=f"{plugin_id} has no permissions.")
