"""A server of somebody who means harm: notes what reaches it, and shows attacks unprotected.

It plays two parts. Under ``evil.localhost`` it answers everything and remembers it. Under
``/victim`` it is a help desk without protections, whose page shows an attack in a frame of its own
origin. An attack shown there goes to ``control.localhost``, and to a port of its own, so that what
arrives late of a control is never taken for what the help desk let out.
"""

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Spy:
    """What has reached the server, and where it is."""

    def __init__(self, port: int, udp_port: int, control_udp_port: int) -> None:
        self.port = port
        self.udp_port = udp_port
        self.control_udp_port = control_udp_port
        self.attacks: Mapping[str, str] = {}
        self._changed = threading.Condition()
        self._paths: dict[bool, list[str]] = {True: [], False: []}
        """By whether a control sent it."""

    @property
    def origin(self) -> str:
        """As another site: browsers resolve every name below ``localhost`` to this machine."""
        return f"http://evil.localhost:{self.port}"

    def victim(self, attack: str) -> str:
        """Return the unprotected page that shows an attack."""
        return f"http://localhost:{self.port}/victim?attack={attack}"

    def unprotected(self, attack: str) -> str:
        """Return an attack as controls show it."""
        text = self.attacks[attack].replace("//evil.localhost:", "//control.localhost:")
        return re.sub(f":{self.udp_port}\\b", f":{self.control_udp_port}", text)

    def page(self, path: str, attack: str) -> bytes | None:
        """Return the unprotected page, or its frame; None under every other path."""
        if path == "/victim":
            return f'<title>Victim</title><iframe src="/frame?attack={attack}"></iframe>'.encode()
        return self.unprotected(attack).encode() if path == "/frame" else None

    def note(self, path: str, *, by_control: bool) -> None:
        """Remember that somebody came."""
        with self._changed:
            if path != "/favicon.ico":
                self._paths[by_control].append(path)
            self._changed.notify_all()

    def forget(self) -> None:
        """Begin anew."""
        with self._changed:
            for paths in self._paths.values():
                paths.clear()

    def seen(self) -> set[str]:
        """Return what attacks have sent since."""
        with self._changed:
            return set(self._paths[False])

    def wait(self, *paths: str, seconds: float = 60.0) -> None:
        """Return once a control has sent all of these."""
        sent = self._paths[True]
        with self._changed:
            came = self._changed.wait_for(lambda: set(paths) <= set(sent), seconds)
            assert came, f"expected {sorted(paths)}, only {sorted(set(sent))} came"


@contextmanager
def running_spy() -> Iterator[Spy]:
    """Serve on this machine until the block ends."""
    ears = {by_control: _ear() for by_control in (True, False)}

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            attack = parse_qs(parts.query).get("attack", [""])[0]
            body = spy.page(parts.path, attack)
            if body is None:
                host = self.headers.get("Host", "")
                spy.note(parts.path, by_control=not host.startswith("evil."))
                body = b"0;"
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    spy = Spy(server.server_port, ears[False].getsockname()[1], ears[True].getsockname()[1])
    threads = [threading.Thread(target=_listen, args=(spy, *ear)) for ear in ears.items()]
    threads.append(threading.Thread(target=server.serve_forever))
    for thread in threads:
        thread.start()
    try:
        yield spy
    finally:
        server.shutdown()
        server.server_close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            for ear in ears.values():
                last.sendto(b"end", ear.getsockname())
        for thread in threads:
            thread.join()
        for ear in ears.values():
            ear.close()


def _ear() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    return udp


def _listen(spy: Spy, by_control: bool, ear: socket.socket) -> None:
    while ear.recv(2_000) != b"end":
        spy.note("udp", by_control=by_control)
