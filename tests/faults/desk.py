"""A real server process, driven over HTTP by whoever breaks it."""

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trio
import wasmtime

from cli.compose import open_application
from cli.config import load_config
from helpdesk.actors import SYSTEM, Role
from sandbox_child.wasm.sections import replace_custom_section
from tests.faults.books import Books, processes_of, read_books, strange_files

ROOT = Path(__file__).parents[2]
DEADLINE_S = 3.0
PATIENCE_S = 180.0
_MANIFEST = {"version": "1.0.0", "description": "A plugin of the fault tests."}
_PLUGINS = {
    "org.example.mood": (Path(__file__).with_name("mood.wat"), ["ticket.created"]),
    "org.example.listener": (
        ROOT / "tests/guests/wat/noop.wat",
        ["ticket.created", "ticket.note_added"],
    ),
}
_CONFIG = f"""
[limits]
deadline_s = {DEADLINE_S}
payload_bytes = 12000
"""
HUGE = "x" * 16_000
"""A description whose payload is over the limit: its delivery is dropped."""


def until(ask: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> Any:
    """Ask again until the answer is true, and return it."""
    give_up = time.monotonic() + patience_s
    while not (answer := ask()):
        if time.monotonic() > give_up:
            raise TimeoutError(f"still {answer!r} after {patience_s:g} s")
        time.sleep(0.01)
    return answer


@dataclass
class Site:
    """A data directory, its settings, and what the server has acknowledged so far."""

    folder: Path
    key: str
    acknowledged: set[str] = field(default_factory=set)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def copy(self, folder: Path) -> "Site":
        """Return the same site at another place."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, acknowledged=set())

    def books(self, *, served: bool = False) -> Books:
        """Read the books, and hold them against what was acknowledged.

        ``served``: while a server writes them.
        """
        books = read_books(self.data, served=served)
        lost = self.acknowledged - books.tickets
        if lost:
            books.problems.append(f"{len(lost)} acknowledged tickets are gone")
        return books

    def left_over(self, server: "Server") -> list[str]:
        """Return what a dead server left: processes, and files that do not belong."""
        left: list[str] = []
        try:
            # A parent's death reaches its children by a signal, which takes a moment.
            until(lambda: not processes_of(server.pid))
        except TimeoutError:
            left = [f"process {pid}" for pid in processes_of(server.pid)]
        left += [f"temporary file {path.name}" for path in self.temporary.iterdir()]
        return left + [f"file {name}" for name in strange_files(self.data)]


def make_site(folder: Path) -> Site:
    """Make a data directory with an account, an API key and three enabled plugins."""
    return trio.run(_make_site, folder)


async def _make_site(folder: Path) -> Site:
    site = Site(folder, "")
    site.temporary.mkdir()
    (folder / "config.toml").write_text(_CONFIG)
    config = load_config(folder / "config.toml", data=site.data)
    async with open_application(config, run_plugins=False) as house:
        people = house.helpdesk.users
        user = await people.create(SYSTEM, email="admin@example.com", name="A", role=Role.ADMIN)
        key = await house.helpdesk.api_keys.create(user.actor, user.id, name="faults")
        # Plugins fail here on purpose, and must not be switched off for it.
        await house.helpdesk.settings.update(user.actor, plugin_error_threshold=100)
        digest = (ROOT / "examples/digest/digest.wasm").read_bytes()
        for module in (digest, *(module_of(name) for name in _PLUGINS)):
            view = await house.supervisor.installs.install(module, source="faults", actor="faults")
            await house.supervisor.controls.set_enabled(view.id, True, actor="faults")
    return replace(site, key=key.secret)


def module_of(name: str, plugin_id: str | None = None) -> bytes:
    """Return the plugin ``name``, under another id where one is given."""
    path, events = _PLUGINS[name]
    manifest = _MANIFEST | {"id": plugin_id or name, "name": name, "events": events}
    module = bytes(wasmtime.wat2wasm(path.read_text()))
    return replace_custom_section(module, "ohd_manifest", json.dumps(manifest).encode())


class Server:
    """One run of the server, with one fault built in."""

    def __init__(self, site: Site, fault: str = "none", *, wait: bool = True) -> None:
        self._site = site
        self._log = site.folder / "server.log"
        self.port = 0
        self._connection: http.client.HTTPConnection | None = None
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.faults.server", fault, "serve"),
                    *("--config", str(site.folder / "config.toml")),
                    *("--data", str(site.data), "--port", "0"),
                ],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"TMPDIR": str(site.temporary)},
                start_new_session=True,
            )
        self.pid = self._process.pid
        if wait:
            self.wait_ready()

    @property
    def status(self) -> int | None:
        """How it ended: an exit status, or the negative number of a signal."""
        return self._process.poll()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_ready(self) -> bool:
        """Wait until it serves; tell whether it does, or has died before."""
        until(lambda: self._find_port() or self.status is not None)
        return bool(self.port)

    def wait_end(self, patience_s: float = PATIENCE_S) -> int:
        return self._process.wait(patience_s)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to stop, and wait for the end."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def children(self) -> list[tuple[int, str]]:
        """Return process id and name of all that it has started."""
        found = []
        for pid in processes_of(self.pid):
            # One may have ended since it was listed.
            with suppress(FileNotFoundError, ProcessLookupError):
                if pid != self.pid:
                    found.append((pid, Path(f"/proc/{pid}/comm").read_text().strip()))
        return found

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Make a request of the API; status 0 where the server is gone."""
        headers = {"Authorization": f"Bearer {self._site.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self.port, timeout=PATIENCE_S
                )
            self._connection.request(method, path, json.dumps(body) if body else None, headers)
            response = self._connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return 0, None

    def ticket(self, subject: str, description: str = "A description") -> int:
        """Create a ticket; note it where that was acknowledged; return the status."""
        body = {"subject": subject, "description": description}
        status, answer = self.request("POST", "/api/tickets", body)
        if status == 201:
            self._site.acknowledged.add(answer["id"])
        return status

    def wait_settled(self, patience_s: float = PATIENCE_S) -> Books:
        """Wait until nothing waits any more; return the books."""

        def settled() -> Books | None:
            books = self._site.books(served=True)
            return books if not books.waiting else None

        found: Books = until(settled, patience_s=patience_s)
        return found

    def close(self) -> None:
        """End it, if that has not happened, and everything that it started."""
        self._hang_up()
        if self.status is None:
            self.kill()
        for pid in processes_of(self.pid):
            os.kill(pid, signal.SIGKILL)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _find_port(self) -> int:
        _, found, rest = self.log().partition(" is at http://127.0.0.1:")
        line, ended, _ = rest.partition("\n")
        if found and ended:
            self.port = int(line)
        return self.port


def some_ticket(server: Server, rng: random.Random) -> int:
    """Create a ticket of a kind that the plugins take in one way or another."""
    kind = rng.random()
    if kind < 0.05:
        return server.ticket("~t traps")
    if kind < 0.07:
        return server.ticket("~l loops")
    if kind < 0.12:
        return server.ticket("Too much", HUGE)
    return server.ticket("A ticket as they come")
