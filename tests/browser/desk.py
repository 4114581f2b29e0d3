"""A real help desk for browser tests: ``ohd serve --demo`` as a process, its panels installed."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PASSWORD = "demo"
_CONFIG = """\
[panels]
allow_http = true
[limits]
deadline_s = 20.0
[plugins]
allow_http = true
native = true
[egress]
ports = [{port}]
[egress.private]
localhost = ["127.0.0.0/8"]
"""
_ADDRESS = re.compile(r"Open Help Desk is at (http://\S+)")


@dataclass
class Desk:
    """The served help desk, and the API as its admin."""

    url: str
    admin: httpx.Client

    def install(self, module: bytes) -> str:
        """Install and enable a plugin; return its id."""
        made = self.admin.post("/api/admin/plugins", files={"file": ("p.wasm", module)})
        made.raise_for_status()
        plugin_id = str(made.json()["id"])
        self.admin.patch(
            f"/api/admin/plugins/{plugin_id}", json={"enabled": True}
        ).raise_for_status()
        return plugin_id

    def kill(self, plugin_id: str) -> None:
        """Kill the process of a plugin, where it has one; it gets another."""
        shown = self.admin.get(f"/admin/plugins/{plugin_id}", headers={"Accept": "text/html"}).text
        if pid := re.search(r'data-cell="?pid"?[^>]*>\s*(\d+)', shown):
            with suppress(ProcessLookupError):
                os.kill(int(pid[1]), signal.SIGKILL)

    def uninstall(self, plugin_id: str) -> None:
        self.admin.delete(f"/api/admin/plugins/{plugin_id}").raise_for_status()

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self.admin.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ticket(self, subject: str, **fields: Any) -> str:
        """Write a ticket for the demo's user; return its id.

        The demo's plugin sets fields on it a moment later: see ``wait_for_digest``.
        """
        body = {"subject": subject, "description": "", "submitter": "user@example.com"} | fields
        return str(self.call("POST", "/api/tickets", body)["id"])

    def wait_for_digest(self, ticket_id: str) -> None:
        """Return once the demo's plugin has done with a new ticket, which changes no more."""
        until = time.monotonic() + 60
        while not self._is_digested(ticket_id):
            assert time.monotonic() < until, "the demo's plugin has not done with the ticket"
            time.sleep(0.05)

    def _is_digested(self, ticket_id: str) -> bool:
        at = "/api/admin/plugins/org.openhelpdesk.digest/deliveries"
        return any(one["ticket_id"] == ticket_id for one in self.call("GET", at)["data"])


def log_in(url: str, role: str) -> httpx.Client:
    """Return a client of the API, logged in as the demo's person of this role."""
    client = httpx.Client(base_url=url, timeout=120)
    credentials = {"email": f"{role}@example.com", "password": PASSWORD}
    answer = client.post("/api/auth/login", json=credentials)
    answer.raise_for_status()
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def install_from_box(client: httpx.Client, name: str) -> str:
    """Install a plugin that comes with the help desk, grant what it asks for; return its id."""
    plugin = f"/api/admin/plugins/goatkit.{name}"
    client.post(f"/api/admin/plugins/box/{name}").raise_for_status()
    until = time.monotonic() + 120
    # A module that takes long to compile is answered for before it is installed.
    while client.get(plugin).status_code == 404:
        assert time.monotonic() < until, f"{name} is not installed"
        time.sleep(0.05)
    wanted = {"withheld": [], "enabled": True}
    client.patch(plugin, json=wanted).raise_for_status()
    return f"goatkit.{name}"


@contextmanager
def running_desk(folder: Path, modules_port: int) -> Iterator[Desk]:
    """Serve a demo help desk on a free port until the block ends.

    It may fetch modules from that port of this machine, under the name ``localhost``.
    """
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(port=modules_port), "utf-8")
    command = ("-m", "cli.main", "serve", "--demo", "--port", "0")
    paths = ("--config", str(config), "--data", str(folder / "data"))
    with subprocess.Popen(
        [sys.executable, *command, *paths], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said: list[str] = []
        reader = threading.Thread(target=said.extend, args=(process.stderr,))
        try:
            url = _wait_for_address(process.stderr, said)
            reader.start()
            with closing(log_in(url, "admin")) as admin:
                yield Desk(url, admin)
        finally:
            process.terminate()
            process.wait(120)
            if reader.ident is not None:
                reader.join()
    failures = [line for line in said if "Traceback" in line or '"level": "error"' in line]
    assert failures == [], "the server logged errors"


def _wait_for_address(lines: Any, said: list[str]) -> str:
    for line in lines:
        said.append(line)
        if found := _ADDRESS.search(line):
            return found[1]
    raise AssertionError("the server ended before it served:\n" + "".join(said))
