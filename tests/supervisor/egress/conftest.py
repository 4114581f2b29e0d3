"""Real servers on loopback, a resolver with given answers, a disposable certificate authority."""

import contextlib
import datetime
import ipaddress
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from supervisor.egress import EgressAnswer, EgressClient, EgressPolicy, EgressRequest

LOOPBACK = (ipaddress.IPv4Network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handler = Callable[["RawServer", trio.abc.Stream], Awaitable[None]]


class FixedResolver:
    """Gives one answer a call, the last one forever; an exception is raised."""

    def __init__(self, *answers: Sequence[str] | OSError) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        await trio.lowlevel.checkpoint()
        self.asked.append((host, port))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer


@dataclass
class RawServer:
    """A TCP server that keeps what it was sent, byte for byte."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    connected: trio.Event = field(default_factory=trio.Event)
    got_request: trio.Event = field(default_factory=trio.Event)
    released: trio.Event = field(default_factory=trio.Event)
    """Set once a handler has seen its client go."""

    async def read_request(self, stream: trio.abc.Stream) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = await stream.receive_some(65536)
            if not more:
                return data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += await stream.receive_some(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        self.got_request.set()
        return head + b"\r\n\r\n" + body

    async def wait_client_gone(self, stream: trio.abc.Stream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            while await stream.receive_some(65536):
                pass
        self.released.set()

    def headers(self, index: int = -1) -> dict[str, str]:
        head = self.requests[index].partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = [line.partition(":") for line in head.split("\r\n")[1:]]
        return {name.lower(): value.strip() for name, _, value in pairs}


@pytest.fixture
async def serve(nursery):
    """Start a server: ``await serve(reply)`` or ``await serve(handler=…, tls=…, host=…)``."""

    async def start(
        reply: bytes = OK,
        *,
        handler: Handler | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> RawServer:
        async def answer(server: RawServer, stream: trio.abc.Stream) -> None:
            await server.read_request(stream)
            await stream.send_all(reply)

        async def handle(tcp: trio.SocketStream) -> None:
            server.connections += 1
            server.connected.set()
            stream: trio.abc.Stream = tcp
            if tls is not None:
                stream = trio.SSLStream(tcp, tls, server_side=True, https_compatible=True)
            # Clients that are cut off mid-way are what these tests are about.
            with contextlib.suppress(trio.BrokenResourceError, ssl.SSLError):
                async with stream:
                    await (handler or answer)(server, stream)
            server.released.set()

        listeners = await trio.open_tcp_listeners(port, host=host)
        server = RawServer(port=listeners[0].socket.getsockname()[1])
        nursery.start_soon(trio.serve_listeners, handle, listeners)
        return server

    yield start
    nursery.cancel_scope.cancel()


@pytest.fixture
async def silent_listener():
    """A listener that accepts nothing by itself: a connection would wait in its queue."""
    with trio.socket.socket() as sock:
        await sock.bind(("127.0.0.1", 0))
        sock.listen(8)
        yield sock


@pytest.fixture
def saw_connection():
    """Tell whether a listener's queue holds a connection."""

    def check(sock: trio.socket.SocketType) -> bool:
        with socket.socket(fileno=os.dup(sock.fileno())) as listener:
            listener.setblocking(False)
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                return False
            connection.close()
            return True

    return check


@pytest.fixture
def fixed_resolver():
    return FixedResolver


@pytest.fixture
def open_descriptors():
    """Count this process's open files."""
    return lambda: sum(1 for _ in Path("/proc/self/fd").iterdir())


@dataclass
class Caller:
    """A client for one loopback port, with ``ok.test`` declared and allowed to lead there."""

    port: int
    tls: ssl.SSLContext
    scheme: str = "http"
    policy: dict = field(default_factory=dict)
    resolver: FixedResolver = field(default_factory=lambda: FixedResolver(["127.0.0.1"]))
    allowed: frozenset[str] = frozenset({"ok.test"})

    def make(self) -> EgressClient:
        settings = {"ports": frozenset({self.port}), "private": {"ok.test": LOOPBACK}}
        policy = EgressPolicy(**(settings | self.policy))
        return EgressClient(policy, resolver=self.resolver, tls=self.tls)

    async def get(self, path: str = "/", **request: object) -> EgressAnswer:
        url = request.pop("url", f"{self.scheme}://ok.test:{self.port}{path}")
        async with self.make() as client:
            return await client.request(EgressRequest(url=url, **request), self.allowed)


@pytest.fixture
def caller(authority):
    def make(port: int, **settings: object) -> Caller:
        return Caller(port=port, tls=authority.client_context(), **settings)

    return make


class Authority:
    """Signs server certificates that only its own client context accepts."""

    def __init__(self, directory) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throwaway CA")])
        certificate = self._sign(self._name, self._key, ca=True)
        self._pem = certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self._pem)

    def server_context(self, host: str, *, days: int = 30) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(subject, key, host=host, days=days)
        path = self._directory / f"{host}-{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(self, subject, key, *, ca=False, host=None, days=30) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=60))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def no_leak(open_descriptors) -> Iterator[None]:
    """Fail a test that leaves more descriptors open than it found, its servers' included."""
    before = open_descriptors()
    yield
    assert open_descriptors() <= before
