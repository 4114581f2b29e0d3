"""``ohd serve``: the web app and the supervisor in one process."""

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import structlog
import trio

import cli
from cli.compose import Application, open_application
from cli.config import Config, load_config
from cli.control.socket import serve_control
from cli.errors import CannotGoOn, first_of, run
from cli.logs import set_up_logging
from cli.serving import interpreter, retention
from cli.serving.notify import Notifier
from cli.serving.page_process import plan
from cli.serving.reload import Reloader
from cli.serving.signals import Operator
from helpdesk import demo, jobs
from webapp.app import create_app, setup_address
from webapp.config import WebConfig, is_loopback
from webapp.processes.crew import Plan
from webapp.server import GRACE_S
from webapp.server import serve as serve_web

log = structlog.get_logger("ohd")

_DEMO_ACTOR = "demo"
DEMO_LOGINS = ("admin@example.com", "staff@example.com", "user@example.com")


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port (0: a free port).")
@click.option("--data", type=click.Path(path_type=Path), help="Data directory.")
@click.option(
    "--demo", is_flag=True, help="Fill an empty help desk with demo data (loopback only)."
)
def serve(
    config: Path | None, host: str | None, port: int | None, data: Path | None, demo: bool
) -> None:
    """Run the help desk."""
    settings = load_config(config, data=data, host=host, port=port)
    if settings.web.port == 0:
        # Chosen before anything else: addresses of tickets are made from it.
        port = free_port(settings.web.host)
        settings = load_config(config, data=data, host=host, port=port)
    if demo and not is_loopback(settings.web.host):
        raise CannotGoOn(
            f"--demo uses public passwords, so it refuses to listen on "
            f"{settings.web.host}; leave out --demo or --host"
        )
    set_up_logging(settings.log_level)
    interpreter.switch_often()
    run(_serve, settings, demo, partial(load_config, config, data=data, host=host, port=port))


def free_port(host: str, port: int = 0) -> int:
    """Return ``port``, or for 0 one that is free; raises CannotGoOn where it is taken.

    Asked before anything is opened: what is refused here has cost nothing.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise _cannot_listen(host, port, exc) from None
        return int(probe.getsockname()[1])


async def _serve(settings: Config, with_demo: bool, load: Callable[[], Config]) -> None:
    manager = Notifier.from_environment(os.environ)
    operator = Operator(manager)
    async with trio.open_nursery() as nursery:
        await nursery.start(operator.listen)
        nursery.start_soon(manager.keep_alive)
        async with open_application(settings, run_plugins=True) as application:
            if with_demo:
                await _fill_demo(application)
            elif not is_loopback(settings.web.host):
                await _refuse_demo_passwords(application, settings.web.host)
            await _run(
                application,
                settings,
                operator,
                Reloader(settings, load, application.supervisor),
                with_demo,
            )
        nursery.cancel_scope.cancel()
    log.info("stopped")


async def _refuse_demo_passwords(application: Application, host: str) -> None:
    """Keep a data directory that began as a demo from being served to strangers."""
    logins = await demo.open_logins(application.helpdesk)
    if logins:
        raise CannotGoOn(
            f"refusing to listen on {host}: {', '.join(logins)} still have the public "
            "demo password; start with another --data, or change their passwords first"
        )


async def _run(
    application: Application,
    settings: Config,
    operator: Operator,
    reloader: Reloader,
    with_demo: bool,
) -> None:
    """Serve until the operator asks for the end, then let requests under way finish."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(jobs.run, application.helpdesk)
        nursery.start_soon(retention.run, application.helpdesk)
        nursery.start_soon(application.helpdesk.sender.run)
        nursery.start_soon(application.helpdesk.scanning.run)
        nursery.start_soon(application.helpdesk.mailbox.run)
        await nursery.start(
            partial(
                serve_control,
                application.supervisor,
                settings.data,
                intake=application.helpdesk.intake,
            )
        )
        served = await start_web(
            nursery, application, settings.web, operator.stop, plan=plan(settings)
        )
        if with_demo:
            click.echo(f"Log in as {', '.join(DEMO_LOGINS)}; the password is: demo", err=True)
        interpreter.set_aside_what_stays()
        await operator.serving(reloader)
        await operator.stop.wait()
        # The plugins finish while the web server does: neither waits for the other.
        nursery.start_soon(application.supervisor.drain)
        with trio.move_on_after(2 * GRACE_S):
            await served.wait()
        nursery.cancel_scope.cancel()


async def start_web(
    nursery: trio.Nursery,
    application: Application,
    config: WebConfig,
    stop: trio.Event,
    *,
    plan: Plan | None = None,
) -> trio.Event:
    """Start the web server and say where it is; return the event of its end.

    ``plan``: for page processes.

    Raises CannotGoOn where the address is taken.
    """
    app = create_app(application.helpdesk, application.supervisor, config)
    served = trio.Event()

    async def until_stopped(
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        try:
            await serve_web(app, config, stop=stop, plan=plan, task_status=task_status)
        except* OSError as group:
            raise _cannot_listen(config.host, config.port, first_of(group)) from None
        served.set()
        stop.set()

    for address in await nursery.start(until_stopped):
        click.echo(f"Open Help Desk is at {address}", err=True)
    if first := await setup_address(app):
        click.echo(
            f"No accounts exist yet. Create the first admin at {first}\n"
            "or with: ohd user create you@example.com --name 'Your Name' --role admin",
            err=True,
        )
    return served


def _cannot_listen(host: str, port: int, exc: BaseException) -> CannotGoOn:
    where = f"{host}, port {port}" if port else host
    if isinstance(exc, OSError) and exc.errno == errno.EADDRINUSE:
        return CannotGoOn(f"{where}: the port is in use; choose another with --port")
    return CannotGoOn(f"{where}: cannot listen: {getattr(exc, 'strerror', None) or exc}")


async def _fill_demo(application: Application) -> None:
    """Write the demo tickets into an empty help desk, and switch the bundled plugin on."""
    await demo.fill(application.helpdesk)
    await application.helpdesk.mail.show_on_page()
    if await application.supervisor.overview.plugins():
        return
    module = await trio.to_thread.run_sync(bundled_plugin().read_bytes)
    plugin = await application.supervisor.installs.install(
        module, source="bundled", actor=_DEMO_ACTOR
    )
    await application.supervisor.controls.set_enabled(plugin.id, True, actor=_DEMO_ACTOR)


def bundled_plugin() -> Path:
    """Return where the bundled plugin lies: in the wheel, else in the source tree."""
    package = Path(cli.__file__).parent
    installed = package / "bundled" / "digest.wasm"
    return (
        installed if installed.exists() else package.parent / "examples" / "digest" / "digest.wasm"
    )
