"""``ohd user`` and ``ohd apikey``: they write into the data directory, with or without a server."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import click

from cli.compose import open_helpdesk, require_help_desk
from cli.config import load_config
from cli.control.socket import COMMAND_LINE
from cli.errors import CannotGoOn, run
from cli.plugins.switching import actor, with_data
from helpdesk.accounts import User
from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.api_keys import MOST_DAYS, KeyScope
from helpdesk.audit import acting_from
from helpdesk.clock import rfc3339
from helpdesk.service import HelpDesk


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


@user.command("sessions")
@click.argument("email")
@click.option("--end", is_flag=True, help="End them all instead of listing them.")
@with_data
def user_sessions(*, email: str, end: bool, config: Path | None, data: Path | None) -> None:
    """List the browsers in which somebody is logged in, or log them out everywhere."""

    async def go() -> None:
        async with _person(email, config, data) as (helpdesk, found):
            if end:
                ended = await helpdesk.sessions.revoke_all(_operator(), found.id)
                click.echo(f"{ended} sessions ended")
                return
            for each in await helpdesk.sessions.list(_operator(), found.id):
                client = each.client or "unknown browser"
                click.echo(f"{rfc3339(each.seen_at)}  {client}")

    run(go)


@user.command("reset-second-factor")
@click.argument("email")
@with_data
def reset_second_factor(*, email: str, config: Path | None, data: Path | None) -> None:
    """Remove all second factors of an account, for whoever has lost them; ends its sessions."""

    async def go() -> None:
        async with _person(email, config, data) as (helpdesk, found):
            await helpdesk.factors.reset(_operator(), found.id)
        click.echo(f"{found.email} logs in with the password alone until they set one up again")

    run(go)


@asynccontextmanager
async def _person(
    email: str, config: Path | None, data: Path | None
) -> AsyncIterator[tuple[HelpDesk, User]]:
    """Open the help desk and find somebody by their address. Raises ``CannotGoOn``."""
    settings = load_config(config, data=data)
    require_help_desk(settings.data)
    async with open_helpdesk(settings) as helpdesk:
        found = await helpdesk.users.find_by_email(SYSTEM, email)
        if found is None:
            raise CannotGoOn(f"there is no account with the email address {email}")
        with acting_from(COMMAND_LINE):
            yield helpdesk, found


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
        async with _person(email, config, data) as (helpdesk, found):
            made = await helpdesk.api_keys.create(
                _operator(), found.id, name=name, scope=scope, days=days
            )
        click.echo(made.secret)

    run(go)
