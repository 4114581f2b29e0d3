"""Somebody who reads a page of the manual and types what it says, and what is prepared for them."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.docs.exempt import exemption
from tests.docs.pages import ROOT, Command, Page
from tests.docs.shell import PATIENCE_S, Shell
from tests.guests.toolchains import NODE_FOLDER
from tests.native.packages import built
from tests.server_process import ServerProcess, ohd

SERVED = frozenset({"docs/api.md", "docs/operations.md"})
"""Pages that speak of a help desk that runs."""
NEWER = "digest-1.1.0.wasm"
"""A file that an operator is said to have: a newer version of the bundled plugin."""


def write_newer(folder: Path) -> None:
    """Put NEWER into a folder; it asks for one event more."""
    manifest = json.loads((ROOT / "examples/digest/manifest.json").read_text("utf-8"))
    manifest["version"] = "1.1.0"
    manifest["events"].append("ticket.note_added")
    (folder / "newer.json").write_text(json.dumps(manifest), "utf-8")
    module = str(ROOT / "examples/digest/digest.wasm")
    done = ohd("plugin", "embed", module, "newer.json", "-o", NEWER, cwd=folder)
    assert done.returncode == 0, done.stderr


def have_a_delivery(server: ServerProcess) -> str:
    """Let the bundled plugin get an event, and log a line of the level warn while it has it.

    Returns the id of the delivery.
    """
    withhold = ("plugin", "withhold", "org.openhelpdesk.digest")
    assert ohd(*withhold, "custom_field", cwd=server.folder).returncode == 0
    made = ohd("apikey", "create", "admin@example.com", "--name", "test", cwd=server.folder)
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    ticket = {"subject": "Printer on fire"}
    httpx.post(f"{server.url}/api/tickets", json=ticket, headers=headers).raise_for_status()
    deliveries = ("plugin", "deliveries", "org.openhelpdesk.digest", "--json")
    end = time.monotonic() + PATIENCE_S
    while not (found := json.loads(ohd(*deliveries, cwd=server.folder).stdout)):
        assert time.monotonic() < end, "the bundled plugin got no event"
    assert ohd(*withhold, "--none", cwd=server.folder).returncode == 0
    return str(found[0]["id"])


@dataclass
class Reader:
    """Somebody who types a page's commands."""

    shell: Shell

    def type(self, command: Command) -> None:
        """Run a command, or see that what is not run would be right."""
        if self._is_server_control(command.text):
            return
        exempt = exemption(command.text) if self.shell.where == self.shell.folder else None
        if exempt is None:
            self.shell.run(command)
        else:
            assert exempt.holds(command.text), f"$ {command.text}\n({exempt.why})"

    def read(self, page: Page) -> None:
        """Go through a page from top to bottom, and do what it says."""
        for fence in page.fences():
            if fence.file is not None:
                self.shell.write(fence.file, fence.text)
            for command in fence.commands():
                self.type(command)

    def _is_server_control(self, text: str) -> bool:
        server = self.shell.server
        if server is None:
            return False
        if text == "systemctl stop open-help-desk":
            assert server.stop() == 0
        elif text == "systemctl start open-help-desk":
            server.start()
        else:
            return False
        return True


@contextmanager
def sit_down(page: Page, folder: Path) -> Iterator[Reader]:
    """Yield a reader of a page in a fresh folder, with what the page takes for granted."""
    server = None
    words = {
        "/srv/helpdesk": str(folder / "srv"),
        "/var/backups/ohd": str(folder / "backups"),
        "npm install": f"ln -s {NODE_FOLDER}/node_modules .",
    }
    if page.name == "docs/native.md":
        shutil.copy(built("desk"), folder / "kanban")
    if page.name not in SERVED:
        yield Reader(Shell(folder, None, words))
        return
    write_newer(folder)
    server = ServerProcess(folder, options=("--demo",))
    server.start()
    try:
        words |= {
            "1795000000001": have_a_delivery(server),
            "/var/lib/open-help-desk": str(server.data),
            "http://127.0.0.1:8000": server.url,
        }
        yield Reader(Shell(folder, server, words))
    finally:
        server.stop()
