"""``ohd key``: the key that plugins' secrets are encrypted with."""

from pathlib import Path

import click

from cli.config import load_config
from cli.errors import run
from cli.plugins.switching import actor, open_admin, with_data


@click.group()
def key() -> None:
    """Look after the key that plugins' secrets are encrypted with."""


@key.command()
@with_data
def rotate(config: Path | None, data: Path | None) -> None:
    """Replace the key and seal every secret anew, with or without a running server.

    A stop at any moment loses nothing; run it again then. Backups made before need the old key.
    """

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            done = await admin.key.rotate(actor=actor())
        click.echo(f"{done.resealed} secrets are sealed with the new key")
        for place in done.unreadable:
            click.echo(f"warning: no key opens the secret of {place}; enter it again", err=True)
        if done.from_environment:
            click.echo("Now take the old key out of OHD_SECRET_KEY.")

    run(go)
