"""Attacks of a client without an account; each function is one round of one.

``python -m tests.attacker.attacks PORT SECONDS`` runs all of them against a server on loopback, a
few at a time of each, and prints how many rounds of each there were, as JSON. It is a process of
its own, so that it slows nobody down but the server.
"""

import json
import random
import resource
import socket
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import trio

AT_ONCE = 3
"""Workers of each attack."""
HELD = 60
"""Connections that each attack which only holds them has open at once."""
ROUND_S = 30.0
"""A round that the server does not end is ended by the attacker."""
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(2, 10))
"""Where the attacker's connections come from; whoever reads pages meanwhile has another."""
HOST = b"Host: 127.0.0.1\r\n"
MIB = 1024 * 1024
_WORDS = "the a to of and printer vpn laptop please is it in on for with my"
_TABLE = "|a|b|c|\n|-|-|-|\n" + "|x|y|z|\n" * 2_000


@dataclass(frozen=True)
class Target:
    """The server, and the attacker's dice."""

    port: int
    dice: random.Random

    async def connect(self, *, small: bool = False) -> trio.SocketStream:
        """Open a connection; ``small``: with room for next to nothing of an answer."""
        raw = trio.socket.socket()
        # Strangers have addresses of their own: 127.0.0.0/8 is all loopback.
        await raw.bind((self.dice.choice(ADDRESSES), 0))
        if small:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        try:
            await raw.connect(("127.0.0.1", self.port))
        except BaseException:
            raw.close()
            raise
        return trio.SocketStream(raw)


GONE = (OSError, trio.BrokenResourceError, trio.ClosedResourceError)
"""What meets an attacker whom the server has had enough of."""
Attack = Callable[[Target], Awaitable[None]]


def get(path: str, *headers: bytes) -> bytes:
    """Return a request without a body."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"GET %b HTTP/1.1\r\n%b%b\r\n" % (path.encode(), HOST, lines)


def post(path: str, body: bytes, kind: str, *headers: bytes) -> bytes:
    """Return a request with a body."""
    lines = b"".join(header + b"\r\n" for header in headers)
    head = b"POST %b HTTP/1.1\r\n%bContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n"
    return head % (path.encode(), HOST, kind.encode(), len(body), lines) + body


async def _exchange(target: Target, sent: bytes) -> bytes:
    """Send, and read until the server closes or has nothing more to say for a second."""
    async with await target.connect() as stream, trio.open_nursery() as nursery:
        nursery.start_soon(_send, stream, sent)
        answer = b""
        with trio.move_on_after(1.0):
            while piece := await stream.receive_some():
                answer += piece
        nursery.cancel_scope.cancel()
    return answer


async def _send(stream: trio.SocketStream, sent: bytes) -> None:
    with suppress(*GONE):
        await stream.send_all(sent)


async def _leave(target: Target, sent: bytes) -> None:
    """Send, and go without reading: by closing, or by a reset."""
    stream = await target.connect()
    if target.dice.random() < 0.5:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(*GONE):
        await stream.send_all(sent)
    await stream.aclose()


async def _drip(target: Target, begin: bytes, pieces: bytes) -> None:
    """Send the beginning, then a byte now and then until the server has had enough."""
    async with await target.connect() as stream:
        with suppress(*GONE):
            await stream.send_all(begin)
            for piece in pieces:
                await stream.send_all(bytes([piece]))
                with trio.move_on_after(1.0):
                    if not await stream.receive_some():
                        return


async def pipelined_and_gone(target: Target) -> None:
    """Ten requests in one write, then a close."""
    await _leave(target, get("/healthz") * 10)


async def pages_and_gone(target: Target) -> None:
    """Requests for pages, and nobody who waits for them."""
    await _leave(target, get(target.dice.choice(("/login", "/", "/tickets", "/nowhere"))))


async def never_reading(target: Target) -> None:
    """More requests than their answers fit into the buffers, and no reading."""
    stream = await target.connect(small=True)
    async with stream:
        with suppress(*GONE):
            while True:
                await stream.send_all(get("/login") * 100)


async def large_and_unread(target: Target) -> None:
    """The largest answers that anybody gets, unread."""
    async with await target.connect(small=True) as stream:
        with suppress(*GONE):
            await stream.send_all(get("/api/openapi.json") * 20 + get("/api/docs") * 20)
            await trio.sleep(ROUND_S)


async def upgrade_to_http2(target: Target) -> None:
    """An upgrade to HTTP/2, and a close."""
    headers = (
        b"Connection: Upgrade, HTTP2-Settings",
        b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAAQAAP__",
    )
    await _leave(target, get("/healthz", *headers) * target.dice.choice((1, 3)))


async def http2_preface(target: Target) -> None:
    """HTTP/2 without asking, with a flood of frames behind."""
    settings = bytes.fromhex("000000040000000000")
    ping = bytes.fromhex("0000080600000000000000000000000000")
    await _leave(target, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings * 50 + ping * 500)


async def websocket(target: Target) -> None:
    """A WebSocket to anywhere, with a frame behind."""
    headers = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    path = target.dice.choice(("/", "/events", "/nowhere"))
    await _exchange(target, get(path, *headers) + b"\x81\x85\0\0\0\0hello")


async def slow_head(target: Target) -> None:
    """A head that never ends."""
    await _drip(target, b"GET / HTTP/1.1\r\n" + HOST, b"X-A: b\r\n" * 1_000)


async def slow_body(target: Target) -> None:
    """A body that never ends."""
    head = post("/login", b"", "application/x-www-form-urlencoded")
    await _drip(target, head.replace(b"Length: 0", b"Length: 16000"), b"a" * 16_000)


async def slow_reader(target: Target) -> None:
    """An answer read by the byte."""
    async with await target.connect(small=True) as stream:
        with suppress(*GONE):
            await stream.send_all(get("/api/openapi.json") * 10)
            while await stream.receive_some(1):  # noqa: ASYNC110 - it is slow on purpose
                await trio.sleep(0.5)


async def half_closed(target: Target) -> None:
    """A client that says it will send no more, and stays."""
    async with await target.connect() as stream:
        with suppress(*GONE):
            await stream.send_all(get("/login") * 5)
            await stream.send_eof()
            await trio.sleep(target.dice.random() * 5)


async def idle(target: Target) -> None:
    """A connection that says nothing."""
    async with await target.connect() as stream:
        with suppress(*GONE):
            await stream.receive_some()


async def open_and_close(target: Target) -> None:
    """Connections, as many as go."""
    for _ in range(50):
        await (await target.connect()).aclose()


async def garbage(target: Target) -> None:
    """What is no HTTP: TLS, noise, heads that are too long, lengths that contradict each other."""
    dice = target.dice
    await _exchange(
        target,
        dice.choice(
            (
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(500),
                dice.randbytes(5_000),
                get("/", b"X-Long: " + b"a" * 60_000),
                get("/", *(b"X-%d: a" % number for number in range(3_000))),
                get("/" + "a" * 60_000),
                get("/", b"Content-Length: 5", b"Content-Length: 6"),
                get("/", b"Content-Length: -1"),
                get("/", b"Transfer-Encoding: chunked", b"Content-Length: 3"),
                post("/login", b"", "text/plain", b"Transfer-Encoding: chunked") + b"fffffffff\r\n",
                b"GET / HTTP/9.9\r\n\r\n" + b"\r\n" * 5_000,
            )
        ),
    )


async def upload(target: Target) -> None:
    """Thirty megabytes for an address that only admins may use."""
    size = 30 * MIB
    head = post("/admin/plugins", b"", "application/wasm").replace(
        b"Length: 0", b"Length: %d" % size
    )
    async with await target.connect() as stream:
        with suppress(*GONE):
            await stream.send_all(head)
            for _ in range(size // MIB):
                await stream.send_all(bytes(MIB))
            await stream.receive_some()


async def large_forms(target: Target) -> None:
    """Forms of many fields and many parts, JSON in JSON, where anybody may send some."""
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    await _exchange(
        target,
        target.dice.choice(
            (
                post("/login", b"a=1&" * 4_000, "application/x-www-form-urlencoded"),
                post("/login", b"&" * 16_000, "application/x-www-form-urlencoded"),
                post("/login", b"%61" * 5_000, "application/x-www-form-urlencoded"),
                post("/login", part * 280 + b"--b--", "multipart/form-data; boundary=b"),
                post("/login", b"--" * 8_000, "multipart/form-data; boundary=-"),
                post("/api/auth/login", b"[" * 16_000, "application/json"),
                post("/api/auth/login", b'{"a":' * 3_000, "application/json"),
                post("/api/auth/login", b'"' + b'\\"' * 8_000, "application/json"),
            )
        ),
    )


async def log_in(target: Target) -> None:
    """Guesses at passwords."""
    names = ("admin", "staff", "user", f"nobody{target.dice.randrange(10_000)}")
    email = f"{target.dice.choice(names)}@example.com"
    body = json.dumps({"email": email, "password": "a" * target.dice.choice((8, 1_000))})
    await _exchange(target, post("/api/auth/login", body.encode(), "application/json"))


async def strange_headers(target: Target) -> None:
    """Headers that somebody has to take apart."""
    await _exchange(
        target,
        get(
            "/login?next=" + quote("/" + "%" * 2_000),
            target.dice.choice(
                (
                    b"Cookie: " + b"a=b; " * 2_500,
                    b'Cookie: ohd_session="' + b"\\" * 12_000 + b'"',
                    b"Cookie: ohd_session=" + b"x" * 43,
                    b"Accept-Encoding: " + b"gzip;q=0.1," * 1_000,
                    b"Accept-Language: " + b"de-de;q=0.1," * 1_000,
                    b"Authorization: Bearer ohd_sk_" + b"x" * 200,
                    b"Authorization: Bearer " + b" " * 12_000 + b"x",
                    b"X-Forwarded-For: " + b"1.2.3.4," * 1_500,
                    b"If-None-Match: " + b'"a",' * 3_000,
                    b"Range: bytes=" + b"0-1," * 3_000,
                )
            ),
        ),
    )


async def without_an_account(target: Target) -> None:
    """Searches, Markdown and what else costs much, from somebody who may not."""
    description = json.dumps({"subject": "x", "description": _TABLE}).encode()
    words = quote(" ".join([_WORDS] * 20))
    await _exchange(
        target,
        target.dice.choice(
            (
                get(f"/tickets?q={words}"),
                get(f"/api/tickets?q={words}"),
                get("/events"),
                get("/metrics"),
                get("/readyz"),
                get("/api/docs"),
                get("/api/openapi.json"),
                get("/static/app.css", b"Accept-Encoding: gzip"),
                post("/api/tickets", description, "application/json"),
                post("/tickets/new", b"description=" + quote(_TABLE).encode(), "text/plain"),
                post("/setup", b"code=x&email=a@b.c", "application/x-www-form-urlencoded"),
            )
        ),
    )


RUSHING: tuple[Attack, ...] = (
    *(pipelined_and_gone, pages_and_gone, upgrade_to_http2, http2_preface, websocket),
    *(half_closed, open_and_close, garbage, upload, large_forms, log_in, strange_headers),
    without_an_account,
)
"""Attacks that end by themselves, and are begun again at once."""
HOLDING: tuple[Attack, ...] = (
    *(never_reading, large_and_unread, slow_head, slow_body, slow_reader, idle),
)
"""Attacks that last as long as the server lets them."""


async def besiege(port: int, seconds: float) -> Mapping[str, int]:
    """Attack for so long; return the rounds of each attack."""
    rounds: Counter[str] = Counter()
    target = Target(port, random.Random(port))
    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for attack, workers in (
                *((one, AT_ONCE) for one in RUSHING),
                *((one, HELD) for one in HOLDING),
            ):
                for _ in range(workers):
                    nursery.start_soon(_again_and_again, attack, target, rounds)
    return rounds


async def _again_and_again(attack: Attack, target: Target, rounds: Counter[str]) -> None:
    while True:
        with trio.move_on_after(ROUND_S):
            try:
                await attack(target)
            except* GONE:
                pass
        rounds[attack.__name__] += 1
        await trio.lowlevel.checkpoint()


def main() -> None:
    """Attack as the command line says."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 10_000), most))
    sys.stdout.write(json.dumps(trio.run(partial(besiege, port, seconds))))


if __name__ == "__main__":
    main()
