"""A peer that writes HTTP/2 by hand, honest or not, and a real bridge in its cage to read it."""

import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trio
from hpack import Decoder, Encoder

from sandbox_child.wire.frames import FrameDecoder, encode_frame
from sandbox_child.wire.messages import (
    ANSWER,
    CALL,
    INVOKE,
    LOG,
    READY,
    REGISTER,
    RESULT,
    OutcomeCode,
)
from sandbox_child.wire.spec import BridgeSpec
from supervisor.limits import Limits
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.pipes import spawn_piped

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GRPC = [(":status", "200"), ("content-type", "application/grpc")]
OK = [("grpc-status", "0")]


def frame(
    kind: int, flags: int, stream: int, body: bytes = b"", length: int | None = None
) -> bytes:
    size = len(body) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream) + body


def message(body: bytes, flag: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">BI", flag, len(body) if length is None else length) + body


@dataclass
class Peer:
    """One end of a connection."""

    stream: trio.SocketStream
    paths: dict[int, str] = field(default_factory=dict)
    encoder: Encoder = field(default_factory=Encoder)
    decoder: Decoder = field(default_factory=Decoder)
    read: bytearray = field(default_factory=bytearray)
    heard: list[tuple[int, int, int, bytes]] = field(default_factory=list)

    async def send(self, *frames: bytes) -> None:
        await self.stream.send_all(b"".join(frames))

    def headers(self, stream: int, headers, flags: int = END_HEADERS) -> bytes:
        return frame(HEADERS, flags, stream, self.encoder.encode(headers))

    def answer(self, stream: int, body: bytes) -> bytes:
        return (
            self.headers(stream, GRPC)
            + frame(DATA, 0, stream, message(body))
            + self.headers(stream, OK, END_HEADERS | END_STREAM)
        )

    async def skip_preface(self) -> None:
        while len(self.read) < len(PREFACE):
            self.read += await self.stream.receive_some(65536)
        assert self.read[: len(PREFACE)] == PREFACE
        del self.read[: len(PREFACE)]

    async def next(self) -> tuple[int, int, int, bytes] | None:
        """Return kind, flags, stream and body of the next frame; None at the end."""
        while True:
            if len(self.read) >= 9:
                length = int.from_bytes(self.read[:3], "big")
                if len(self.read) >= 9 + length:
                    kind, flags, stream = struct.unpack_from(">BBI", self.read, 3)
                    body = bytes(self.read[9 : 9 + length])
                    del self.read[: 9 + length]
                    self.heard.append((kind, flags, stream, body))
                    if kind == HEADERS:
                        found = dict(self.decoder.decode(body))
                        self.paths[stream] = found.get(":path", self.paths.get(stream, ""))
                        self.last_headers = found
                    return kind, flags, stream, body
            try:
                data = await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                return None
            if not data:
                return None
            self.read += data

    async def asked(self, method: str) -> int | None:
        """Serve as an honest program does until ``method`` is called; return its stream."""
        while (found := await self.next()) is not None:
            kind, flags, stream, _ = found
            if kind == SETTINGS and not flags & ACK:
                await self.send(frame(SETTINGS, ACK, 0))
            if not (kind == DATA and flags & END_STREAM) and kind != HEADERS:
                continue
            path = self.paths.get(stream, "")
            if path.endswith(f"/{method}") and (kind == DATA or method == "StartStream"):
                return stream
            if path.endswith("/Check") and kind == DATA:
                await self.send(self.answer(stream, b"\x08\x01"))
        return None


@dataclass
class LoneBridge:
    """A bridge whose supervisor is the test."""

    child: object
    peer: Peer
    address: str
    logs: list[str] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    decoder: FrameDecoder = field(default_factory=lambda: FrameDecoder(8 << 20))
    waiting: list = field(default_factory=list)
    seq: int = 0
    answers: bool = True
    peers: list[Peer] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.child.handle.pid

    async def hear(self):
        """Return the next message that is no log line and no call of the host."""
        while True:
            while self.waiting:
                head, blob = self.waiting.pop(0)
                if head[0] == LOG:
                    self.logs.append(blob.decode())
                elif head[0] == CALL:
                    self.calls.append(blob)
                    if self.answers:
                        frame = encode_frame((ANSWER, head[1], 1), b'{"value":"x"}')
                        # It may have ended behind its question, which its log tells.
                        with suppress(trio.BrokenResourceError):
                            await self.child.to_child.send_all(frame)
                else:
                    return head, blob
            data = await self.child.from_child.receive_some(65536)
            if not data:
                return None
            self.waiting += list(self.decoder.feed(data))

    async def ready(self) -> str:
        """Wait for READY; return why it did not come, or nothing."""
        found = await self.hear()
        assert found is not None, "it ended without a word"
        return "" if found[0][0] == READY else found[1].decode()

    async def ask(self, name: str = "", arguments: bytes = b"{}") -> None:
        self.seq += 1
        if name:
            said = encode_frame((INVOKE, self.seq, 20_000, len(name)), name.encode() + arguments)
        else:
            said = encode_frame((REGISTER, self.seq), b"")
        await self.child.to_child.send_all(said)

    async def result(self) -> tuple[OutcomeCode, str]:
        found = await self.hear()
        assert found is not None, f"it ended without a result; log: {self.logs}"
        head, blob = found
        assert head[0] == RESULT
        return OutcomeCode(head[2]), blob.decode("utf-8", "replace")

    async def connect(self) -> Peer:
        """Connect to the host's service, and say what a client says first."""
        peer = Peer(await trio.open_unix_socket(self.address))
        self.peers.append(peer)
        await peer.send(PREFACE, frame(SETTINGS, 0, 0))
        return peer

    def peak(self) -> int:
        """Return the most bytes of memory that it has had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


@asynccontextmanager
async def open_bridge(fork_server, folder: Path, **spoken) -> AsyncIterator[LoneBridge]:
    limits = Limits()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    listener = socket.socket(socket.AF_UNIX)
    address = str(folder / "host")
    with theirs, listener:
        listener.bind(address)
        Path(address).chmod(0o666)  # noqa: ASYNC240
        listener.listen(8)
        listener.setblocking(False)
        spec = BridgeSpec(
            kind="bridge",
            cage=Cage(CageSettings()).plugin(limits),
            max_request_bytes=limits.http_request_bytes,
            max_answer_bytes=limits.http_response_bytes,
            max_arguments_bytes=limits.payload_bytes,
            max_log_line_bytes=limits.log_line_bytes,
            max_log_lines=limits.log_lines,
            max_host_calls=limits.host_calls,
            **{"protocol": "grpc", "address": address, "program": os.getpid(), **spoken},
        )
        sockets = (
            [theirs.fileno(), listener.fileno()] if spec.protocol == "grpc" else [theirs.fileno()]
        )
        child = await spawn_piped(fork_server, spec, sockets)
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
    bridge = LoneBridge(child, Peer(stream), address)
    try:
        yield bridge
    finally:
        with trio.CancelScope(shield=True):
            await child.aclose()
            for peer in (bridge.peer, *bridge.peers):
                await peer.stream.aclose()
