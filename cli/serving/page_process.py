"""A page process: how it is started, and what it does. ``webapp.page_process`` has what it serves.

It begins with an empty environment, three descriptors and a first message that says what to serve.
It ends with the serving process, however that ends: a thread waits for the end of a pipe, whatever
the others do meanwhile.
"""

import ctypes
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import trio

import cli
from cli.compose import DATABASE_FILE
from cli.config import Config
from cli.logs import set_up_logging
from cli.serving import interpreter
from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from webapp.page_process import serve_pages
from webapp.processes.crew import Plan
from webapp.processes.newness import Newness
from webapp.processes.wire import Begin, Link, ToPages

NAME = "ohd-pages"
_PR_SET_NAME = 15
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from cli.serving import page_process; page_process.main({descriptors})"
)


def plan(config: Config) -> Plan | None:
    """Return how page processes are started; None where there are none."""
    if not config.web.web_processes:
        return None
    begin = Begin(
        str((config.data / DATABASE_FILE).absolute()),
        config.web,
        SettingValues(site_url=config.web.public_url),
        config.log_level,
    )
    return Plan(config.web.web_processes, command, begin)


def command(*descriptors: int) -> Sequence[str]:
    """Return the command line of a page process that inherits these descriptors."""
    root = str(Path(cli.__file__).parents[1])
    numbers = ", ".join(map(str, descriptors))
    return [sys.executable, "-I", "-c", _BOOT.format(root=root, descriptors=numbers)]


def main(link: int, newness: int, life: int) -> None:
    """Serve until told to stop. The descriptors: one end of the pair, the counter, the pipe."""
    for descriptor in (link, newness, life):
        os.set_inheritable(descriptor, False)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    # A terminal and a service manager tell all processes; this one is told by the serving one.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_NAME, NAME.encode(), 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    interpreter.switch_often()
    trio.run(_serve, link, newness)


def _end_with(life: int) -> None:
    os.read(life, 1)
    os._exit(0)


async def _serve(link_descriptor: int, newness_descriptor: int) -> None:
    link = Link(socket.socket(fileno=link_descriptor), ToPages)
    newness = Newness(newness_descriptor, writable=False)
    received = await link.receive()
    if received is None or not isinstance(received[0], Begin):
        return
    begin = received[0]
    set_up_logging(begin.log_level)
    async with HelpDesk.reading(Path(begin.database), defaults=begin.defaults) as helpdesk:
        interpreter.set_aside_what_stays()
        await serve_pages(helpdesk, begin, link, newness)
    link.close()
