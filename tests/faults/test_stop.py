"""SIGTERM: what runs may finish, what loops is killed, and all of it within a bound."""

import socket
import time

import trio

from cli.compose import open_application
from cli.config import load_config
from tests.faults.desk import DEADLINE_S, module_of, until
from webapp.server import GRACE_S

PLUGINS = 5
OVERHEAD_S = 1.0 + 9.0
"""What a stop takes beside its deadline, and a machine with much to do beside this."""


async def _add_loopers(site):
    config = load_config(site.folder / "config.toml", data=site.data)
    async with open_application(config, run_plugins=False) as house:
        for number in range(PLUGINS):
            module = module_of("org.example.mood", f"org.example.mood{number}")
            view = await house.supervisor.installs.install(module, source="faults", actor="faults")
            await house.supervisor.controls.set_enabled(view.id, True, actor="faults")


def test_a_stop_ends_in_time_although_five_plugins_loop(site, serve):
    trio.run(_add_loopers, site)
    server = serve()
    # Each has a queue of events that loop: the stop is within the first ones.
    for _ in range(5):
        assert server.ticket("~g logs, and runs on") == 201
    until(lambda: len(site.books(served=True).in_flight) >= PLUGINS)
    # A request that never comes to its end is waited for too, and at the same time.
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(b"POST /api/tickets HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < max(DEADLINE_S, GRACE_S) + OVERHEAD_S
    assert site.left_over(server) == []
    books = site.books()
    assert books.problems == []
    assert books.waiting > 0
