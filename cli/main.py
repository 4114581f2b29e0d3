"""The ``ohd`` command."""

import click

from cli import module, people, plugins, trial
from cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="open-help-desk", prog_name="ohd")
def main() -> None:
    """Open Help Desk: a help desk whose plugins each run in a locked-down process."""


@main.group()
def plugin() -> None:
    """Look at, try, install and watch plugins."""


for command in (
    module.inspect,
    module.embed,
    trial.run_plugin,
    plugins.install,
    plugins.enable,
    plugins.disable,
    plugins.uninstall,
    plugins.list_plugins,
    plugins.ps,
    plugins.logs,
):
    plugin.add_command(command)
main.add_command(serve)
main.add_command(people.user)
main.add_command(people.apikey)

if __name__ == "__main__":
    main()
