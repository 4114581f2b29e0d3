"""The hostile URLs against Extism's own allow-list, as the control of ours.

``python -m tests.supervisor.egress.extism_control`` prints the table of ``docs/egress.md``. It runs
itself again in namespaces of its own (``unshare``, util-linux): there every name of the corpus
leads to loopback, all ports that the corpus names are listened on, and nothing leads out. The guest
is WAT and does one thing: it makes the request that it is given.
"""

import contextlib
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).with_name("hostile_urls.json")
ROOT = Path(__file__).resolve().parents[3]
PORT = 18_080
PORTS = (PORT, 80, 443, 22, PORT + 1)
DECLARED = (
    *("ok.test", "127.0.0.2", "0x7f000002", "2130706434", "xn--99999999.test"),
    *("xn--aaaaaaaaa.test", "xn--ok-.test", "xn--.test", "-ok.test", "ok-.test"),
)
LISTS = {"exact": list(DECLARED), "*.test": ["*.test"], "*": ["*"]}
"""What a plugin's manifest would declare."""
PLAIN = "plain"
GUEST = """
(module
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
  (func (export "get") (result i32)
    (drop (call $http (call $input) (i64.const 0)))
    (i32.const 0)))
"""
BEHAVIOURS = {
    "redirect to a host that is not declared": f"http://ok.test:{PORT}/redirect-other",
    "redirect to an address": f"http://ok.test:{PORT}/redirect-address",
    "declared name that resolves to loopback": f"http://ok.test:{PORT}/",
    "proxy named by the environment": f"http://ok.test:{PORT}/proxied",
}


def cases() -> dict[str, str]:
    """Return what is tried: a plain URL, and the corpus, by what is hostile about each."""
    corpus = json.loads(CORPUS.read_text("utf-8"))["urls"]
    filled = {
        case["why"]: case["url"]
        .replace("{port}", str(PORT))
        .replace("{wrapped_port}", str(PORT + 65536))
        for case in corpus
    }
    return {PLAIN: f"http://ok.test:{PORT}/"} | filled


class Listeners:
    """Counts connections on every port, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connections = 0
        for port in PORTS:
            listener = socket.create_server(("0.0.0.0", port))
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(2)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = connection.recv(65536).decode("latin-1")
        host = re.search(r"(?im)^host: *(\S+)", request)
        self.asked.append(f"{request.split(' ')[1:2]} {host and host[1]}")
        where = {
            "/redirect-other": f"http://evil.test:{PORT}/arrived",
            "/redirect-address": f"http://127.0.0.1:{PORT}/arrived",
        }
        target = next((to for path, to in where.items() if f" {path} " in request), None)
        head = f"302 Found\r\nLocation: {target}" if target else "200 OK"
        connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode())


def request(allowed: list[str], url: str) -> None:
    """Let a guest make one request; whatever comes of it, the listeners know."""
    import extism
    import wasmtime

    manifest = {
        "wasm": [{"data": bytes(wasmtime.wat2wasm(GUEST))}],
        "allowed_hosts": allowed,
        "timeout_ms": 5000,
    }
    with contextlib.suppress(extism.Error), extism.Plugin(manifest) as plugin:
        plugin.call("get", json.dumps({"url": url, "method": "GET"}))


def try_all() -> dict[str, Any]:
    """Make every request with every list; runs inside the namespaces."""
    import extism

    _loopback_up()
    listeners = Listeners()

    def reaches(allowed: list[str], url: str) -> bool:
        before = listeners.connections
        request(allowed, url)
        return listeners.connections > before

    through = {
        why: {name: reaches(allowed, url) for name, allowed in LISTS.items()}
        for why, url in cases().items()
    }
    behaviours = {}
    for what, url in BEHAVIOURS.items():
        listeners.asked.clear()
        if "proxy" in what:
            os.environ["HTTP_PROXY"] = os.environ["http_proxy"] = f"http://127.0.0.1:{PORT + 1}"
        request(["ok.test"], url)
        behaviours[what] = list(listeners.asked)
    return {"version": extism.extism_version(), "through": through, "behaviours": behaviours}


def _loopback_up() -> None:
    """Enable the one interface of a new network namespace. See netdevice(7)."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


@contextlib.contextmanager
def _hosts_file() -> Iterator[str]:
    names = {"evil.test", "localhost", *DECLARED}
    for url in cases().values():
        names |= set(re.findall(r"[a-z0-9.-]+\.test", url))
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as file:
        file.writelines(f"127.0.0.1 {name}\n" for name in sorted(names))
        file.flush()
        yield file.name


class CannotIsolate(Exception):
    """No namespaces can be made here; the message is the reason."""


def run_control() -> dict[str, Any]:
    """Return what got through; raises CannotIsolate."""
    script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    with _hosts_file() as hosts:
        command = [sys.executable, "-m", "tests.supervisor.egress.extism_control", "inside"]
        done = subprocess.run(
            ["unshare", "--mount", "--net", *user, "sh", "-c", script, "sh", hosts, *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    if done.returncode:
        raise CannotIsolate(done.stderr.strip()[-300:])
    return dict(json.loads(done.stdout))


@dataclass(frozen=True)
class Table:
    """What got through, as the document shows it."""

    found: dict[str, Any]

    def rows(self) -> list[str]:
        """Return a row for each case of the corpus that any list let through."""
        lines = []
        for why, reached in self.found["through"].items():
            if why != PLAIN and any(reached.values()):
                cells = ["connected" if reached[name] else "refused" for name in LISTS]
                lines.append(f"| {why} | {' | '.join(cells)} | refused |")
        return lines

    def counts(self) -> str:
        """Return the sums, as the last row."""
        tried = [r for why, r in self.found["through"].items() if why != PLAIN]
        cells = [f"{sum(reached[name] for reached in tried)} of {len(tried)}" for name in LISTS]
        return f"| **connected** | {' | '.join(cells)} | 0 of {len(tried)} |"


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        sys.stdout.write(json.dumps(try_all()))
    else:
        result = run_control()
        table = Table(result)
        sys.stdout.write("\n".join([*table.rows(), table.counts(), ""]))
        sys.stdout.write(json.dumps({k: result[k] for k in ("version", "behaviours")}, indent=1))
