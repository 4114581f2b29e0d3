"""``ohd key``: the key that plugins' secrets are encrypted with."""

from pathlib import Path

import click

from cli.config import load_config
from cli.errors import run
from cli.plugins.switching import actor, open_admin, with_data


@click.group()
def key() -> None:
    """Manage the key that encrypts plugin secrets."""


@key.command()
@with_data
def rotate(config: Path | None, data: Path | None) -> None:
    """Replace the key and re-encrypt every secret, with or without a running server.

    If it is interrupted, run it again; nothing is lost. Earlier backups need the old key.
    """

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            done = await admin.key.rotate(actor=actor())
        click.echo(f"{done.resealed} secrets encrypted with the new key")
        for place in done.unreadable:
            click.echo(f"warning: no key decrypts the secret of {place}; enter it again", err=True)
        if done.from_environment:
            click.echo("Now remove the old key from OHD_SECRET_KEY.")

    run(go)
