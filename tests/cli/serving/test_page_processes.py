"""Page processes of a real server: they end with it, however it ends."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from cli.config import load_config
from cli.serving.page_process import NAME
from tests.server_process import PATIENCE_S, ServerProcess


def name_of(process: psutil.Process) -> str:
    """Return its name; empty for one that has ended since it was listed."""
    with suppress(psutil.NoSuchProcess):
        return process.name()
    return ""


def page_processes(server: ServerProcess, wanted: int) -> Sequence[psutil.Process]:
    end = time.monotonic() + PATIENCE_S
    while True:
        children = psutil.Process(server.pid).children()
        found = [child for child in children if name_of(child) == NAME]
        if len(found) == wanted:
            return found
        assert time.monotonic() < end, server.log
        time.sleep(0.05)


def test_they_end_with_a_server_that_is_killed_and_with_one_that_stops(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nweb_processes = 2\n", "utf-8")
    server = ServerProcess(tmp_path)
    server.start()
    for process in page_processes(server, 2):
        # Nothing of the server's environment, and no database that could be written.
        assert process.environ() == {}
    server.kill()
    server.start()
    page_processes(server, 2)
    assert server.stop() == 0


def test_auto_leaves_a_processor_to_the_main_process(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[server]\nweb_processes = "auto"\n', "utf-8")
    usable = len(psutil.Process().cpu_affinity() or ())
    assert load_config(file).web.web_processes == max(0, min(4, usable - 1))
