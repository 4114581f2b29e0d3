"""Serves the app over HTTP, in the supervisor's own process: listens, and stops in bounded time."""

import logging
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework
from hypercorn.utils import repr_socket_addr, wrap_app
from quart_trio import QuartTrio

from webapp.admission.exchanges import Admission, AdmittedApp
from webapp.config import KIB, WebConfig
from webapp.connections import Connection, Connections
from webapp.context import context_of
from webapp.lobby import Lobby, Opening
from webapp.monitoring.traffic import traffic_of
from webapp.processes.crew import Crew, Plan
from webapp.processes.newness import Newness
from webapp.processes.wire import Counted
from webapp.rendering import templating

_log = logging.getLogger(__name__)

GRACE_S = 3.0
"""After a stop is asked for, requests under way have this long to end."""
FORCE_S = 1.0
"""Then their tasks have this long to notice, before their connections are closed under them."""
_OTHER_FILES = 300
"""Descriptors for the database, the plugins' pipes and their modules."""


def server_config(config: WebConfig) -> Config:
    """Translate the settings for Hypercorn. There is no access log: addresses hold ticket ids."""
    server = Config()
    host = f"[{config.host}]" if ":" in config.host else config.host
    server.bind = [f"{host}:{config.port}"]
    server.errorlog = _log
    server.accesslog = None
    server.include_server_header = False
    server.graceful_timeout = GRACE_S
    server.keep_alive_timeout = 15.0
    # The kernel drops who finds its queue full, and such a client tries again after a second.
    server.backlog = 1024
    server.h11_max_incomplete_size = 16 * KIB
    server.websocket_max_message_size = 64 * KIB
    return server


async def serve(
    app: QuartTrio,
    config: WebConfig,
    *,
    stop: trio.Event | None = None,
    plan: Plan | None = None,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until ``stop`` is set, then let requests under way end; or until cancelled.

    ``plan``: for page processes; without one, everything is served here.
    Reports the addresses served, such as ``http://127.0.0.1:8000``, when they accept connections.
    Raises ``OSError`` where the address cannot be listened on.
    """
    # Compiled now and not while the first visitor waits, and everybody else with them.
    await trio.to_thread.run_sync(templating.load_all)
    shutdown = stop if stop is not None else trio.Event()
    server = server_config(config)
    admission = context_of(app.extensions).admission
    async with running(app, AdmittedApp(app, admission, config), server) as wrapped:
        await _serve_connections(
            wrapped, app, config, server, admission, shutdown, plan, task_status
        )


@asynccontextmanager
async def running(app: QuartTrio, asgi: ASGIFramework, server: Config) -> AsyncIterator[AppWrapper]:
    """Start an app and what belongs to it, for the length of the block; ``asgi`` is its outside."""
    here = context_of(app.extensions)
    wrapped = wrap_app(asgi, server.wsgi_max_body_size, "asgi")
    lifespan = Lifespan(wrapped, server, {})
    async with trio.open_nursery() as lifespan_nursery:
        await lifespan_nursery.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        try:
            async with trio.open_nursery() as gates:
                gates.start_soon(here.admission.run)
                yield wrapped
                gates.cancel_scope.cancel()
        finally:
            await here.formatting.aclose()
        await lifespan.wait_for_shutdown()
        lifespan_nursery.cancel_scope.cancel()


async def _serve_connections(  # noqa: PLR0917 - the parts of one server
    wrapped: AppWrapper,
    app: QuartTrio,
    config: WebConfig,
    server: Config,
    admission: Admission,
    shutdown: trio.Event,
    plan: Plan | None,
    task_status: trio.TaskStatus[list[str]],
) -> None:
    context = WorkerContext(None)
    connections = Connections(_most_connections(config), config.connections_per_address)
    listeners, addresses = _listen(server)

    async def serve_one(opening: Opening, crew: Crew | None) -> None:
        if opening.place is not None:
            admission.pieces.leave(opening.place)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(opening.socket))
        connection = Connection(
            wrapped,
            server,
            context,
            stream,
            connections,
            admission=admission,
            http2=config.http2,
            elsewhere=crew,
        )
        await connection.serve(opening.said, opening.address, opening.person)

    async with _page_processes(app, plan) as newness, trio.open_nursery() as forcing:
        async with trio.open_nursery() as serving:

            def serve_here(opening: Opening) -> None:
                serving.start_soon(serve_one, opening, crew)

            crew = None
            if plan is not None and newness is not None:
                note = partial(_note, app)
                crew = Crew(
                    plan, newness, admission.known, connections, take_back=serve_here, note=note
                )
                traffic_of(app.extensions).follow(crew.__len__)
                serving.start_soon(crew.run)

            def begin(opening: Opening) -> None:
                if crew is None or not _lend(crew, admission, opening):
                    serve_here(opening)

            lobby = Lobby(connections, admission, begin, server.keep_alive_timeout)
            try:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(lobby.run)
                    for listener in listeners:
                        accepting.start_soon(lobby.accept, listener)
                    task_status.started(addresses)
                    await shutdown.wait()
                    context_of(app.extensions).live.close()
                    accepting.cancel_scope.cancel()
            finally:
                for listener in listeners:
                    listener.close()
                lobby.close()
            await context.terminated.set()
            if crew is not None:
                crew.stop()
            serving.cancel_scope.deadline = trio.current_time() + GRACE_S
            forcing.start_soon(_end_by_force, connections)
        forcing.cancel_scope.cancel()


def _lend(crew: Crew, admission: Admission, opening: Opening) -> bool:
    """Lend a connection that has just come in, where a page process is to have it."""
    if not crew.take(opening.socket.fileno(), opening.said, opening.address):
        return False
    if opening.place is not None:
        admission.pieces.leave(opening.place)
    opening.socket.close()
    return True


@asynccontextmanager
async def _page_processes(app: QuartTrio, plan: Plan | None) -> AsyncIterator[Newness | None]:
    """Have a counter that moves on with what page processes keep in mind; None without any."""
    if plan is None or not plan.number:
        yield None
        return
    here, newness = context_of(app.extensions), Newness.create()
    here.helpdesk.settings.observe(lambda _: newness.move_on())
    here.supervisor.observe_plugins(newness.move_on)
    try:
        yield newness
    finally:
        newness.close()


def _note(app: QuartTrio, counted: Counted) -> None:
    """Take over what a page process reports."""
    traffic = traffic_of(app.extensions)
    for part, method, status, seconds in counted.requests:
        traffic.count_elsewhere(part, method, status, seconds)
    context_of(app.extensions).helpdesk.sessions.add_uses(dict(counted.uses))


async def _end_by_force(connections: Connections) -> None:
    await trio.sleep(GRACE_S + FORCE_S)
    connections.abort_all()


def _listen(server: Config) -> tuple[list[socket.socket], list[str]]:
    listeners, addresses = [], []
    for sock in server.create_sockets().insecure_sockets:
        sock.listen(server.backlog)
        listeners.append(sock)
        addresses.append(f"http://{repr_socket_addr(sock.family, sock.getsockname())}")
    return listeners, addresses


def _most_connections(config: WebConfig) -> int:
    """Return how many connections there may be, with descriptors left for everything else."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return config.max_connections
    return max(16, min(config.max_connections, allowed - _OTHER_FILES))
