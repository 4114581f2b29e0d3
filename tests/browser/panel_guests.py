"""Plugins whose panels browser tests look at, and the web server that those panels are on.

The server listens on loopback under the name ``localhost``; the help desk is at ``127.0.0.1``, so
that the two are different origins.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from wasmtime import wat2wasm

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import replace_custom_section

HERE = Path(__file__).parent
LOOP = "(loop (br 0))"
TRAP = "unreachable"
_START = 16


def panel_plugin(name: str, address: str, *, behaviour: str = "", height: int = 130) -> bytes:
    """Return a plugin whose panel is at ``address`` with the ticket's id added."""
    facts = {
        "ADDRESS": address,
        "BEHAVIOUR": behaviour,
        "LENGTH": len(address),
        "END": _START + len(address),
    }
    source = (HERE / "panel.wat").read_text("utf-8")
    for key, value in facts.items():
        source = source.replace("{{" + key + "}}", str(value))
    manifest = {
        "id": f"org.example.panel.{re.sub('[^a-z]', '', name)}",
        "name": f"The {name} plugin",
        "version": "1.0.0",
        "description": f"Has a panel: {name}.",
        "events": [],
        "permissions": {"http": {"allowed_hosts": ["localhost", "other.localhost"]}},
        "ui_panel": {"title": f"Panel {name}", "height": height},
    }
    module = bytes(wat2wasm(source))
    return replace_custom_section(module, MANIFEST_SECTION, json.dumps(manifest).encode())


class _Handler(BaseHTTPRequestHandler):
    extra: Mapping[str, str] = {}

    def do_GET(self) -> None:
        body = (HERE / "panel.html").read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.extra.items():
            self.send_header(name, value)
        self.end_headers()
        # The page asks whether we respond, and hears no further.
        with suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@contextmanager
def panel_site(port: int = 0, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve the panel's page; yields its origin."""
    handler = type("Handler", (_Handler,), {"extra": headers or {}})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
