"""A real help desk for browser tests: ``ohd serve --demo`` as a process, its panels installed."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PASSWORD = "demo"
_CONFIG = """\
[panels]
allow_http = true
[limits]
deadline_s = 3.0
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

    def uninstall(self, plugin_id: str) -> None:
        self.admin.delete(f"/api/admin/plugins/{plugin_id}").raise_for_status()

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self.admin.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ticket(self, subject: str, **fields: Any) -> str:
        """Write a ticket for the demo's user; return its id."""
        body = {"subject": subject, "description": "", "submitter": "user@example.com"} | fields
        return str(self.call("POST", "/api/tickets", body)["id"])


def log_in(url: str, role: str) -> httpx.Client:
    """Return a client of the API, logged in as the demo's person of this role."""
    client = httpx.Client(base_url=url, timeout=30)
    credentials = {"email": f"{role}@example.com", "password": PASSWORD}
    answer = client.post("/api/auth/login", json=credentials)
    answer.raise_for_status()
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


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
            process.wait(30)
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
