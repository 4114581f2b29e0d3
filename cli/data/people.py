"""``ohd user`` and ``ohd apikey``: they write into the data directory, with or without a server."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from cli.compose import open_helpdesk, require_help_desk
from cli.config import load_config
from cli.control.socket import COMMAND_LINE
from cli.errors import CannotGoOn, run
from cli.plugins.switching import actor, with_data
from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.api_keys import MOST_DAYS, KeyScope
from helpdesk.audit import acting_from


def _operator() -> Actor:
    """Return whoever uses the command line, who may do everything."""
    return replace(SYSTEM, id=actor())


@click.group()
def user() -> None:
    """Manage accounts."""


@user.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.USER.value)
@with_data
def create_user(
    *, email: str, name: str, role: str, config: Path | None, data: Path | None
) -> None:
    """Create an account. Prompts for the password, or reads it from standard input."""
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")

    async def go() -> None:
        async with open_helpdesk(load_config(config, data=data)) as helpdesk:
            with acting_from(COMMAND_LINE):
                made = await helpdesk.users.create(
                    _operator(), email=email, name=name, role=Role(role), password=password
                )
        click.echo(f"{made.email} is {made.role.value}")

    run(go)


@click.group()
def apikey() -> None:
    """Manage API keys."""


@apikey.command("create")
@click.argument("email")
@click.option("--name", required=True, help="What you will use the key for.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in KeyScope]),
    default=KeyScope.ALL.value,
    show_default=True,
    help="What the key may do: everything that its owner can, or only read.",
)
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), help="Expire after so many days; never by default."
)
@with_data
def create_key(
    *,
    email: str,
    name: str,
    scope: str,
    days: int | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Create an API key for an account and print it. It is shown only once."""

    async def go() -> None:
        settings = load_config(config, data=data)
        require_help_desk(settings.data)
        async with open_helpdesk(settings) as helpdesk:
            found = await helpdesk.users.find_by_email(SYSTEM, email)
            if found is None:
                raise CannotGoOn(f"there is no account with the email address {email}")
            with acting_from(COMMAND_LINE):
                made = await helpdesk.api_keys.create(
                    _operator(), found.id, name=name, scope=scope, days=days
                )
        click.echo(made.secret)

    run(go)
