"""``ohd plugin install``, ``upgrade``, ``rollback``, ``withhold``: versions and permissions.

Nothing new is allowed by default: an upgrade that asks for more says so and changes nothing, until
each permission is accepted or denied by name.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import trio

from cli.config import Config, load_config
from cli.errors import CannotGoOn, run
from cli.plugins.switching import actor, open_admin, print_permissions, with_data
from cli.tables import print_table
from cli.trial.module import read_file
from supervisor.contracts.native import PERMISSION, SENTENCE, WARNING
from supervisor.plugins.signatures import MOST_SIGNATURE_BYTES
from supervisor.service import Supervisor
from supervisor.states import VersionStatus
from supervisor.text import clean_text
from supervisor.views import PluginView, VersionComparison, VersionView

_LONGEST_LINE = 20_000
_SHOWN_HASH = 12


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which version is meant."""

    plugin_id: str
    name: str
    """Its number, or the beginning of its hash; empty: the newest."""
    status: VersionStatus

    def fits(self, version: VersionView) -> bool:
        if version.status is not self.status:
            return False
        return version.version == self.name or version.sha256.startswith(self.name)

    def missing(self) -> str:
        named = f"version {self.name} of {self.plugin_id}".replace("  ", " ")
        return f"no {named} is {self.status.value}; list them: ohd plugin versions {self.plugin_id}"


@dataclass(frozen=True, slots=True)
class _Said:
    """Decisions on the new permissions of a version."""

    accept: tuple[str, ...]
    accept_all: bool
    withhold: tuple[str, ...]

    def accepted(self, compared: VersionComparison) -> set[str]:
        everything = {asked.token for asked in compared.asked_anew} if self.accept_all else set()
        return (set(self.accept) | everything) - set(self.withhold)


def with_decisions(command: Any) -> Any:
    """Give a command the options of ``_Said``."""
    for option in (
        click.option("--withhold", multiple=True, metavar="TOKEN", help="Deny a permission."),
        click.option("--accept-all", is_flag=True, help="Allow all new permissions."),
        click.option(
            "--accept",
            multiple=True,
            metavar="TOKEN",
            help="Allow a permission, such as event:NAME.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("source", metavar="[FILE|URL]", required=False)
@click.option("--box", metavar="NAME", help="Install a plugin of `ohd plugin box`.")
@with_data
def install(source: str | None, box: str | None, config: Path | None, data: Path | None) -> None:
    """Install a module from a file or a URL, or a plugin that comes with the help desk.

    New plugins start disabled. A new version of an installed plugin waits for review.
    """
    if (source is None) == (box is None):
        raise CannotGoOn("name a file or a URL, or a plugin of the box with --box")

    async def go() -> None:
        # An author's first install may make the default folder; a mistyped one is not made.
        settings = load_config(config, data=data)
        async with open_admin(settings, may_create=data is None) as admin:
            view = await _install(admin, source, box)
            found = await admin.versions.all(view.id)
        if view.waiting_version is not None:
            waiting = next(one for one in found if one.sha256 == view.waiting_version)
            click.echo(
                f"{view.id} {waiting.version} is ready for review; {view.version} keeps running "
                "until you accept it"
            )
            click.echo(f"Review and accept it: ohd plugin upgrade {view.id}")
            return
        click.echo(f"{view.id} {view.version} installed. It is disabled.")
        click.echo(_clean(view.signature.sentence))
        for warning in view.warnings:
            click.echo(f"warning: {_clean(warning)}", err=True)
        if view.contract == "goatkit-native":
            click.echo(f"{SENTENCE} {WARNING}")
            click.echo(f"Allow that: ohd plugin grant {view.id} {PERMISSION}")
        click.echo(f"Enable it: ohd plugin enable {view.id}")

    run(go)


async def _install(admin: Supervisor, source: str | None, box: str | None) -> PluginView:
    if box is not None:
        return await admin.box.install(box, actor=actor())
    source = source or ""
    if "://" in source:
        return await admin.installs.from_url(source, actor=actor())
    path = Path(source)
    module = await trio.to_thread.run_sync(read_file, path)
    signature = await trio.to_thread.run_sync(_read_signature, path)
    return await admin.installs.install(
        module, source=path.name, actor=actor(), signature=signature
    )


def _read_signature(path: Path) -> str:
    """Return the text of the file beside a module that has its signature; empty without one."""
    try:
        with path.with_name(f"{path.name}.sig").open("rb") as file:
            return file.read(MOST_SIGNATURE_BYTES).decode("ascii", "replace")
    except FileNotFoundError:
        return ""


@click.command()
@click.argument("plugin_id")
@with_data
def versions(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """List the active, waiting and kept versions of a plugin."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            found = await admin.versions.all(plugin_id)
        print_table(
            ("version", "status", "sha256", "bytes", "uploaded", "by", "source"),
            [_row(version) for version in found],
            nothing="",
        )

    run(go)


@click.command()
@click.argument("plugin_id")
@with_decisions
@with_data
def upgrade(plugin_id: str, config: Path | None, data: Path | None, **said: Any) -> None:
    """Accept the waiting version of a plugin and make it active.

    Lists its new permissions. Allow or deny each one; otherwise nothing changes.
    """
    wanted = _Wanted(plugin_id, "", VersionStatus.WAITING)
    run(_change, load_config(config, data=data), wanted, _Said(**said))


@click.command()
@click.argument("plugin_id")
@click.argument("version", required=False, default="")
@with_decisions
@with_data
def rollback(
    plugin_id: str, version: str, config: Path | None, data: Path | None, **said: Any
) -> None:
    """Roll back to a kept version, with the configuration it had.

    VERSION is its number or the start of its SHA-256. Default: the previous version.
    """
    wanted = _Wanted(plugin_id, version, VersionStatus.KEPT)
    run(_change, load_config(config, data=data), wanted, _Said(**said))


async def _change(settings: Config, wanted: _Wanted, said: _Said) -> None:
    plugin_id = wanted.plugin_id
    async with open_admin(settings) as admin:
        found = await admin.versions.all(plugin_id)
        version = next((version for version in found if wanted.fits(version)), None)
        if version is None:
            raise CannotGoOn(wanted.missing())
        compared = await admin.versions.compare(plugin_id, version.sha256)
        accepted = said.accepted(compared)
        _show_asked(compared, accepted | set(said.withhold))
        view = await admin.versions.accept(
            plugin_id,
            version.sha256,
            accepted=sorted(accepted),
            withheld=sorted(said.withhold),
            actor=actor(),
        )
    click.echo(f"{view.id} is at {view.version} now, {view.state.value.replace('_', ' ')}")
    if view.enabled and view.state_reason:
        click.echo(f"warning: {_clean(view.state_reason)}", err=True)


def _show_asked(compared: VersionComparison, decided: set[str]) -> None:
    """Name what nobody has decided on, before the server refuses to go on without."""
    open_ = [each for each in compared.asked_anew if each.token not in decided]
    if not open_:
        return
    lines = [f"  {each.token}  {each.sentence} {each.warning or ''}".rstrip() for each in open_]
    click.echo(f"Version {compared.other.version} also requests:", err=True)
    click.echo("\n".join(_clean(line) for line in lines), err=True)


@click.command()
@click.argument("plugin_id")
@click.argument("tokens", nargs=-1, metavar="TOKEN…")
@click.option("--none", "nothing", is_flag=True, help="Grant all permissions.")
@with_data
def withhold(
    plugin_id: str, tokens: tuple[str, ...], nothing: bool, config: Path | None, data: Path | None
) -> None:
    """Deny exactly these permissions, immediately. Without any, list all permissions.

    A TOKEN is event:NAME, host:NAME, reply, custom_field or panel.
    """
    if tokens and nothing:
        raise CannotGoOn("name permissions or use --none, not both")

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            if tokens or nothing:
                view = await admin.controls.withhold(
                    plugin_id, withheld=list(tokens), actor=actor()
                )
            else:
                view = await _plugin(admin, plugin_id)
        print_permissions(view, nothing=f"{plugin_id} requests no permissions.")

    run(go)


@click.command()
@click.argument("plugin_id")
@with_data
def restart(plugin_id: str, config: Path | None, data: Path | None) -> None:
    """Restart a plugin's process after in-flight events finish."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            await admin.controls.restart(plugin_id, actor=actor())
        click.echo(f"{plugin_id} restarted")

    run(go)


async def _plugin(admin: Supervisor, plugin_id: str) -> PluginView:
    await admin.versions.all(plugin_id)  # says that there is no such plugin
    return next(view for view in await admin.overview.plugins() if view.id == plugin_id)


def _row(version: VersionView) -> tuple[str, ...]:
    return (
        version.version,
        version.status.value,
        version.sha256[:_SHOWN_HASH],
        str(version.size),
        version.installed_at[:19],
        version.installed_by_name,
        version.source,
    )


def _clean(text: str) -> str:
    return clean_text(text, _LONGEST_LINE, lines=False)
