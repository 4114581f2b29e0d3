"""``ohd plugin dev``: a help desk beside the project that always runs what was last built.

The help desk lies in the project's folder, with the demo's tickets, and listens on loopback alone.
A build that fails, or a module that is refused, is shown; the previous version keeps running.
"""

import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import trio

from cli.compose import Application, open_application
from cli.config import Config, load_config
from cli.control.socket import serve_control
from cli.errors import CannotGoOn, run
from cli.kit.loading import Loader
from cli.kit.project import Project
from cli.kit.watch import open_changes
from cli.serving import retention
from cli.serving.serve import DEMO_LOGINS, free_port, start_web
from cli.trial.errors import BuildBroken
from cli.values import pairs
from helpdesk import demo, jobs
from supervisor.errors import ConfigInvalid, SupervisorError
from supervisor.text import clean_text
from supervisor.views import LogLine

HOME = ".ohd-dev"
_HOST = "127.0.0.1"
_LONGEST_LINE = 20_000
_AT_ONCE = 200
_NOTHING = re.compile(r"make.*: (.* is up to date|Nothing to be done for .*)\.")
_COLOURS = {"error": "red", "warn": "yellow", "debug": "bright_black"}


@click.command("dev")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="TCP port (0: a free port).")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Configuration.")
@click.option(
    "--http-map", multiple=True, metavar="HOST=URL", help="Send a host's requests to a stand-in."
)
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def dev_plugin(
    *,
    folder: Path,
    port: int,
    settings: Sequence[str],
    http_map: Sequence[str],
    config: Path | None,
) -> None:
    """Build and run the plugin in FOLDER, and rebuild it on changes, until Ctrl-C.

    All permissions that it requests are allowed. Its log is printed here.
    """
    project = Project.at(folder)
    if project.named is not None:
        raise CannotGoOn(f"{folder}: expected the project's folder, not a file")
    loaded = _settings(folder, port, pairs(http_map, "--http-map"), config)
    run(_dev, project, loaded, pairs(settings, "--set"))


def _settings(folder: Path, port: int, routes: Mapping[str, str], config: Path | None) -> Config:
    home = folder / HOME
    loaded = load_config(config, data=home, host=_HOST, port=free_port(_HOST, port))
    supervisor = loaded.supervisor
    return replace(
        loaded,
        web=replace(loaded.web, base_url="", allow_http_panels=True),
        supervisor=replace(
            supervisor,
            egress=replace(supervisor.egress, routes=routes),
            plain_http_panels=True,
            source_lines=True,
        ),
    )


async def _dev(project: Project, settings: Config, values: Mapping[str, str]) -> None:
    stop = trio.Event()
    await trio.to_thread.run_sync(_make_home, settings.data)
    async with trio.open_nursery() as nursery:
        await nursery.start(_until_signal, stop)
        async with open_application(settings, run_plugins=True) as application:
            await demo.fill(application.helpdesk)
            await _serve(
                project, settings, application, stop, Loader(application.supervisor, values)
            )
        nursery.cancel_scope.cancel()


def _make_home(home: Path) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The folder is nobody's source, whatever the project ignores.
    (home / ".gitignore").write_text("*\n", "ascii")


async def _until_signal(
    stop: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _number in signals:
            stop.set()


async def _serve(
    project: Project, settings: Config, application: Application, stop: trio.Event, loader: Loader
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(jobs.run, application.helpdesk)
        nursery.start_soon(retention.run, application.helpdesk)
        await nursery.start(serve_control, application.supervisor, settings.data)
        await start_web(nursery, application, settings.web, stop)
        _say(f"Log in as {', '.join(DEMO_LOGINS)}; the password is: demo")
        builder = _Builder(project, loader, settings.web.public_url)
        nursery.start_soon(builder.follow)
        nursery.start_soon(_tail, application)
        await stop.wait()
        nursery.cancel_scope.cancel()


@dataclass(slots=True)
class _Builder:
    """Builds and loads, now and after each change."""

    project: Project
    loader: Loader
    address: str
    running: bool = False
    seen: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    """The sources as they were at the last build."""

    async def follow(self) -> None:
        """Run until cancelled."""
        folder = self.project.folder
        async with open_changes(folder, self.project.matters) as changes:
            await self.renew()
            _say(f"watching {folder}; Ctrl-C ends it")
            async for _ in changes:
                # A build writes files too, and must not be the reason for the next.
                if not self.project.can_build or await self._look() != self.seen:
                    await self.renew()

    async def renew(self) -> None:
        """Build and load; say what stands in the way."""
        try:
            if self.project.can_build:
                await self._build()
            view = await self.loader.load(await trio.to_thread.run_sync(self.project.module))
        except (CannotGoOn, SupervisorError) as exc:
            before = "; the previous version keeps running" if self.running else ""
            _say(f"{exc}{before}", "red")
            if isinstance(exc, ConfigInvalid):
                page = f"{self.address}/admin/plugins/{exc.plugin_id}"
                _say(f"set values with --set KEY=VALUE, or on {page}")
            return
        if view is not None:
            self.running = True
            where = f"{self.address}/admin/plugins/{view.id}"
            _say(f"{view.name} {view.version} runs ({where})", "green")

    async def _build(self) -> None:
        """Run ``make``, and once more where a source was changed meanwhile."""
        for _ in range(2):
            before = await self._look()
            try:
                await self._make()
            finally:
                self.seen = await self._look()
            if self.seen == before:
                return

    async def _look(self) -> Mapping[Path, tuple[int, int]]:
        return await trio.to_thread.run_sync(self.project.snapshot)

    async def _make(self) -> None:
        command = await trio.to_thread.run_sync(self.project.make)
        done = await trio.run_process(
            command.args,
            cwd=command.folder,
            env=command.env,
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace").rstrip()
        if said and not _NOTHING.fullmatch(said):
            click.echo(clean_text(said, _LONGEST_LINE), err=True)
        if done.returncode:
            raise BuildBroken(self.project.folder, done.returncode)


async def _tail(application: Application) -> None:
    """Print every log line that is new, of the plugin and of the host on its behalf."""
    lines = await application.supervisor.logs.read(limit=1)
    seen = lines[-1].id if lines else 0
    while True:
        await application.supervisor.logs.wait(None, seen)
        for line in await application.supervisor.logs.read(after=seen, limit=_AT_ONCE):
            seen = line.id
            _print(line)


def _print(line: LogLine) -> None:
    message = clean_text(line.message, _LONGEST_LINE)
    text = f"{line.at[11:19]} {line.level:5} {message}"
    click.echo(click.style(text, fg=_COLOURS.get(line.level)))


def _say(text: str, colour: str | None = None) -> None:
    click.echo(click.style(clean_text(text, _LONGEST_LINE), fg=colour), err=True)
