"""Serves the app over HTTP: Hypercorn with its Trio worker, in the supervisor's own process."""

import logging

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve
from quart_trio import QuartTrio

from webapp.config import KIB, WebConfig
from webapp.context import context_of
from webapp.rendering import templating

_log = logging.getLogger(__name__)

GRACE_S = 3.0
"""After a stop is asked for, requests under way have this long to end."""


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
    server.h11_max_incomplete_size = 16 * KIB
    server.websocket_max_message_size = 64 * KIB
    return server


async def serve(
    app: QuartTrio,
    config: WebConfig,
    *,
    stop: trio.Event | None = None,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until ``stop`` is set, then let requests under way end; or until cancelled.

    Reports the addresses served, such as ``http://127.0.0.1:8000``, when they accept connections.
    Raises ``OSError`` where the address cannot be listened on.
    """
    # Compiled now and not while the first visitor waits, and everybody else with them.
    await trio.to_thread.run_sync(templating.load_all)
    shutdown = stop if stop is not None else trio.Event()

    async def asked_to_stop() -> None:
        await shutdown.wait()
        context_of(app.extensions).live.close()

    await hypercorn_serve(
        app, server_config(config), shutdown_trigger=asked_to_stop, task_status=task_status
    )
