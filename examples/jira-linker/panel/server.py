"""The panel server of the Jira linker: keeps how issues stand, and shows it beside a ticket.

    PANEL_SECRET=... HELPDESK_ORIGIN=https://helpdesk.example.com python3 server.py

Python's standard library is all that it needs. Put a web server with TLS in front of it: a help
desk frames panels over https alone.

Who may do what:

- The plugin writes (``PUT /tickets/T/issues/KEY``) with PANEL_SECRET as its bearer token, and gets
  the ticket's *pass*, which it puts into a custom field of the ticket.
- The page (``GET /panel``) is the same for everybody and holds nothing. Inside the help desk's
  frame it asks the page around it for the ticket's custom fields, which only those get who may see
  the ticket, and reads ``GET /tickets/T`` with the pass that it finds there.

A pass is an HMAC of the ticket's id: it opens this one ticket, and nothing needs to be kept for it.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
FILES = {
    "/panel": ("panel.html", "text/html; charset=utf-8"),
    "/panel.js": ("panel.js", "text/javascript; charset=utf-8"),
    "/panel.css": ("panel.css", "text/css; charset=utf-8"),
}
PARTS = ("summary", "status", "assignee")
LONGEST_BODY = 64 * 1024
SHORTEST_SECRET = 16
TICKET = re.compile(r"/tickets/([0-9A-Za-z]{1,64})", re.ASCII)
ISSUE = re.compile(TICKET.pattern + r"/issues/([A-Z][A-Z0-9_]{1,32}-[0-9]{1,12})", re.ASCII)
SCHEMA = """
CREATE TABLE IF NOT EXISTS issues (
  ticket TEXT, key TEXT, summary TEXT, status TEXT, assignee TEXT, seen_at TEXT,
  PRIMARY KEY (ticket, key)
)
"""


class PanelServer(ThreadingHTTPServer):
    """Holds the settings that each request needs."""

    def __init__(self, address: tuple[str, int], secret: str, origin: str, database: Path) -> None:
        self.secret, self.origin, self.database = secret, origin, database
        with closing(sqlite3.connect(database)) as opened, opened:
            opened.execute(SCHEMA)
        super().__init__(address, Handler)

    def pass_of(self, ticket: str) -> str:
        """Return what a panel must show to read this ticket's issues."""
        key = self.secret.encode()
        return hmac.new(key, b"panel of ticket " + ticket.encode(), hashlib.sha256).hexdigest()[:40]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: PanelServer
    timeout = 10
    """Seconds to wait for a slow client."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path in FILES:
            name, kind = FILES[path]
            page = (HERE / name).read_text("utf-8").replace("@HELPDESK_ORIGIN@", self.server.origin)
            self._answer(HTTPStatus.OK, page.encode(), kind)
        elif found := TICKET.fullmatch(path):
            if self._is_allowed(self.server.pass_of(found[1])):
                self._json(HTTPStatus.OK, {"issues": self._issues(found[1])})
        else:
            self._json(HTTPStatus.NOT_FOUND, {"error": "there is nothing here"})

    def do_PUT(self) -> None:
        found = ISSUE.fullmatch(self.path)
        if found is None:
            self._json(HTTPStatus.NOT_FOUND, {"error": "expected /tickets/ID/issues/KEY"})
        elif self._is_allowed(self.server.secret):
            self._keep(*found.groups())

    def _keep(self, ticket: str, key: str) -> None:
        issue = self._body()
        if issue is None:
            problem = f"expected a JSON object with the texts {', '.join(PARTS)}"
            self._json(HTTPStatus.BAD_REQUEST, {"error": problem})
            return
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = (ticket, key, *(issue[part] for part in PARTS), now)
        with closing(sqlite3.connect(self.server.database)) as opened, opened:
            opened.execute("INSERT OR REPLACE INTO issues VALUES (?, ?, ?, ?, ?, ?)", row)
        self._json(HTTPStatus.OK, {"pass": self.server.pass_of(ticket)})

    def _body(self) -> dict[str, str] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return None
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return None
        if not isinstance(body, dict) or not all(isinstance(body.get(p), str) for p in PARTS):
            return None
        return body

    def _issues(self, ticket: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.server.database)) as opened:
            opened.row_factory = sqlite3.Row
            query = "SELECT * FROM issues WHERE ticket = ? ORDER BY key"
            return [dict(row) for row in opened.execute(query, (ticket,))]

    def _is_allowed(self, wanted: str) -> bool:
        kind, _, given = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.encode(), wanted.encode()):
            return True
        self._json(HTTPStatus.UNAUTHORIZED, {"error": "the token is missing or another one"})
        return False

    def _json(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            f"frame-ancestors {self.server.origin}"
        )
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def settings() -> tuple[str, str]:
    """Return the secret and the help desk's origin; ends the program where one is unusable."""
    secret, origin = os.environ.get("PANEL_SECRET", ""), os.environ.get("HELPDESK_ORIGIN", "")
    if len(secret) < SHORTEST_SECRET:
        sys.exit(f"PANEL_SECRET: expected {SHORTEST_SECRET} characters or more")
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", origin):
        sys.exit("HELPDESK_ORIGIN: expected an address without a path: https://help.example.com")
    return secret, origin


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description="The panel server of the Jira linker.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    options.add_argument("--database", type=Path, default=Path("panel.sqlite3"))
    given = options.parse_args()
    server = PanelServer((given.host, given.port), *settings(), given.database)
    print(f"panel server at http://{given.host}:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
