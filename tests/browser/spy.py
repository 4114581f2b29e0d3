"""A server of somebody who means harm: notes what reaches it, and shows attacks unprotected.

It plays two parts. Under any host it answers everything and remembers it. Under ``/victim`` it is a
help desk without protections, whose page shows an attack in a frame of its own origin.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Spy:
    """What has reached the server, and where it is."""

    def __init__(self, port: int, udp_port: int) -> None:
        self.port = port
        self.udp_port = udp_port
        self.attacks: Mapping[str, str] = {}
        self._changed = threading.Condition()
        self._paths: list[str] = []

    @property
    def origin(self) -> str:
        """As another site: browsers resolve every name below ``localhost`` to this machine."""
        return f"http://evil.localhost:{self.port}"

    def victim(self, attack: str) -> str:
        """Return the unprotected page that shows an attack."""
        return f"http://localhost:{self.port}/victim?attack={attack}"

    def note(self, path: str) -> None:
        """Remember that somebody came."""
        with self._changed:
            if path != "/favicon.ico":
                self._paths.append(path)
            self._changed.notify_all()

    def forget(self) -> None:
        """Begin anew."""
        with self._changed:
            self._paths.clear()

    def seen(self) -> set[str]:
        """Return what has come since."""
        with self._changed:
            return set(self._paths)

    def wait(self, *paths: str, seconds: float = 30.0) -> None:
        """Return once all of these have come."""
        with self._changed:
            came = self._changed.wait_for(lambda: set(paths) <= set(self._paths), seconds)
            assert came, f"expected {sorted(paths)}, only {sorted(set(self._paths))} came"


@contextmanager
def running_spy() -> Iterator[Spy]:
    """Serve on this machine until the block ends."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            attack = parse_qs(parts.query).get("attack", [""])[0]
            body = b"0;"
            if parts.path == "/victim":
                body = (
                    f'<title>Victim</title><iframe src="/frame?attack={attack}"></iframe>'.encode()
                )
            elif parts.path == "/frame":
                body = spy.attacks[attack].encode()
            else:
                spy.note(parts.path)
            script = parts.path.endswith(".js")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "session=secret; Path=/")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    def listen() -> None:
        while udp.recv(2_000) != b"end":
            spy.note("udp")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    spy = Spy(server.server_port, udp.getsockname()[1])
    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=listen)]
    for thread in threads:
        thread.start()
    try:
        yield spy
    finally:
        server.shutdown()
        server.server_close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", udp.getsockname())
        udp.close()
        for thread in threads:
            thread.join(10)
