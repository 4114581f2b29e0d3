"""The web server that plugins are fetched from, and versions of a plugin to put on it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wasmtime import wat2wasm

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import replace_custom_section
from tests.guests.build import GUESTS


def version(guest: str, number: str, **manifest: Any) -> bytes:
    """Return a guest of ``tests/guests/wat`` as one version of a plugin."""
    whole = {
        "id": "org.example.notifier",
        "name": "Chat notifier",
        "version": number,
        "description": "Tells a chat room of new tickets.",
        "events": ["ticket.created"],
    } | manifest
    module = bytes(wat2wasm((GUESTS / "wat" / f"{guest}.wat").read_text("utf-8")))
    return replace_custom_section(module, MANIFEST_SECTION, json.dumps(whole).encode())


@dataclass
class Modules:
    """What lies on the server, by path."""

    port: int
    files: dict[str, bytes] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    """Until it is set, a file below ``/slow/`` is sent to its half and no further."""

    def put(self, path: str, body: bytes) -> str:
        """Lay a file there; return its address."""
        self.files[path] = body
        return f"http://localhost:{self.port}{path}"


@contextmanager
def module_site() -> Iterator[Modules]:
    """Serve until the block ends."""
    site = Modules(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.files.get(self.path, b"<!doctype html><title>Nothing here</title>")
            self.send_response(200 if self.path in site.files else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            half = len(body) // 2 if self.path.startswith("/slow/") else len(body)
            self.wfile.write(body[:half])
            self.wfile.flush()
            if half < len(body):
                site.released.wait(30)
                self.wfile.write(body[half:])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.released.set()
            server.shutdown()
            thread.join()
