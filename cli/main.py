"""The ``ohd`` command.

The modules behind the commands are imported when they are asked for: a look at a file should not
wait for the web app.
"""

import importlib
from collections.abc import Mapping

import click

from cli.logs import be_quiet

_PLUGIN_COMMANDS = {
    "inspect": "cli.trial.module:inspect",
    "embed": "cli.trial.module:embed",
    "run": "cli.kit.run:run_plugin",
    "init": "cli.kit.init:init_plugin",
    "keygen": "cli.kit.keygen:keygen",
    "pack": "cli.kit.pack:pack_plugin",
    "test": "cli.kit.test:test_plugin",
    "dev": "cli.kit.dev:dev_plugin",
    "box": "cli.plugins.box:box",
    "install": "cli.plugins.versions:install",
    "versions": "cli.plugins.versions:versions",
    "upgrade": "cli.plugins.versions:upgrade",
    "rollback": "cli.plugins.versions:rollback",
    "call": "cli.trial.call:call",
    "grant": "cli.plugins.grants:grant",
    "revoke": "cli.plugins.grants:revoke",
    "withhold": "cli.plugins.versions:withhold",
    "jobs": "cli.plugins.jobs:jobs",
    "limits": "cli.plugins.limits:limits",
    "restart": "cli.plugins.versions:restart",
    "enable": "cli.plugins.switching:enable",
    "disable": "cli.plugins.switching:disable",
    "uninstall": "cli.plugins.switching:uninstall",
    "list": "cli.plugins.switching:list_plugins",
    "ps": "cli.plugins.activity:ps",
    "logs": "cli.plugins.activity:logs",
    "deliveries": "cli.plugins.deliveries:deliveries",
    "delivery": "cli.plugins.deliveries:delivery",
    "redeliver": "cli.plugins.deliveries:redeliver",
}
_COMMANDS = {
    "serve": "cli.serving.serve:serve",
    "user": "cli.data.people:user",
    "apikey": "cli.data.people:apikey",
    "key": "cli.data.key:key",
    "backup": "cli.data.backup:backup",
    "restore": "cli.data.restore:restore",
    "mail": "cli.mail.receive:mail",
    "doctor": "cli.checks.doctor:doctor",
    "sandbox": "cli.checks.sandbox:sandbox",
    "schema": "cli.kit.schema:schema",
}


class _Group(click.Group):
    """A group of commands, each imported at its first use."""

    def __init__(self, *args: object, behind: Mapping[str, str] = {}, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._behind = dict(behind)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which one needs them."""
        return [*self._behind, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None where there is none of this name."""
        where = self._behind.get(cmd_name)
        if where is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = where.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Group, behind=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="open-help-desk", prog_name="ohd")
def main() -> None:
    """Open Help Desk: a help desk that runs each plugin in a locked-down process."""
    be_quiet()


@main.group(cls=_Group, behind=_PLUGIN_COMMANDS)
def plugin() -> None:
    """Create, test, install and monitor plugins."""


if __name__ == "__main__":
    main()
