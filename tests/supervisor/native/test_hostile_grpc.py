"""Programs that lie or flood over HTTP/2, against a real bridge: each ends with a sentence.

The test's process is the program, and writes every frame by hand.
"""

import gzip
import re
import struct
import subprocess
import sys

import pytest
import trio
from hpack import Encoder

from sandbox_child.grpc.client import Client
from sandbox_child.grpc.connection import Caps
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.wire.messages import OutcomeCode
from tests.supervisor.native.http2_peer import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    GRPC,
    HEADERS,
    OK,
    PING,
    PREFACE,
    PRIORITY,
    PUSH,
    RST,
    SETTINGS,
    WINDOW,
    frame,
    message,
    open_bridge,
)

MANY = 60_000
MOST_MEMORY = 160 << 20


@pytest.fixture
async def bridge(stage, tmp_path):
    tmp_path.chmod(0o755)
    async with open_bridge(stage.fork_server, tmp_path) as made:
        yield made


async def flood(peer, one: bytes, before: bytes = b"") -> None:
    """Send ``one`` over and over, reading all the while as an honest peer does."""
    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            while await peer.next() is not None:
                pass

        nursery.start_soon(listen)
        try:
            await peer.send(before)
            for _ in range(MANY // 500):
                await peer.send(one * 500)
        except (trio.BrokenResourceError, ConnectionResetError):
            return
        nursery.cancel_scope.cancel()


def answers(*frames):
    """Return what answers the call with frames."""

    async def act(peer, stream):
        await peer.send(*(each(peer, stream) for each in frames))

    return act


def floods(one, before=lambda _peer, _stream: b""):
    async def act(peer, stream):
        await flood(peer, one(stream), before(peer, stream))

    return act


def heads(peer, stream):
    return peer.headers(stream, GRPC)


def ends(peer, stream):
    return peer.headers(stream, OK, END_HEADERS | END_STREAM)


def says(body, flag=0, length=None, flags=0):
    return lambda _peer, stream: frame(DATA, flags, stream, message(body, flag, length))


def with_headers(*headers, flags=END_HEADERS | END_STREAM):
    return lambda peer, stream: peer.headers(stream, list(headers), flags)


def raw(*arguments, **keywords):
    return lambda _peer, stream: frame(
        *(stream if each is ... else each for each in arguments), **keywords
    )


def bomb(_peer, stream):
    """One header of 4 kB in the table, and then its index, over and over."""
    block = Encoder().encode([(":status", "200"), ("x", "y" * 3900)])
    return frame(HEADERS, END_HEADERS, stream, block + b"\xbe" * 12_000)


FLOOD = "sends more than calls need"
HOSTILE = {
    "pings": (floods(lambda _: frame(PING, 0, 0, bytes(8))), FLOOD),
    "settings": (floods(lambda _: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 9))), FLOOD),
    "empty settings": (floods(lambda _: frame(SETTINGS, 0, 0)), FLOOD),
    "window updates": (floods(lambda _: frame(WINDOW, 0, 0, struct.pack(">I", 1))), FLOOD),
    "priorities": (floods(lambda _: frame(PRIORITY, 0, 9, bytes([0, 0, 0, 0, 9]))), FLOOD),
    "unknown frames": (floods(lambda _: frame(99, 0, 0, bytes(9))), FLOOD),
    "empty data": (floods(lambda stream: frame(DATA, 0, stream), heads), FLOOD),
    "padding": (
        floods(lambda stream: frame(DATA, 8, stream, bytes([200]) + bytes(200)), heads),
        FLOOD,
    ),
    "resets": (floods(lambda stream: frame(RST, 0, stream, bytes(4))), f"stream was reset|{FLOOD}"),
    "informational answers": (
        floods(
            lambda stream: frame(HEADERS, END_HEADERS, stream, b"\x08\x03103"),
        ),
        f"{FLOOD}|HTTP/2",
    ),
    "continuations": (
        # Whichever bound comes first: it depends on how the frames arrive.
        floods(lambda stream: frame(CONTINUATION, 0, stream), raw(HEADERS, 0, ..., b"\x88")),
        f"{FLOOD}|Too many continuation frames",
    ),
    "more continuations than headers need": (
        answers(raw(HEADERS, 0, ..., b"\x88"), *[raw(CONTINUATION, 0, ...)] * 80),
        "Too many continuation frames",
    ),
    "a large header": (
        answers(with_headers((":status", "200"), ("x", "y" * 17_000))),
        "HTTP/2: ",
    ),
    "a header bomb": (answers(bomb), "HTTP/2: "),
    "a broken header": (answers(raw(HEADERS, END_HEADERS, ..., b"\xff\xff\xff\xff\xff")), "HTTP/2"),
    "2 GB": (answers(heads, says(b"x", length=(1 << 31) - 1)), "message of 2,147,483,647 bytes"),
    "a frame of 16 MB": (
        answers(raw(DATA, 0, ..., length=(1 << 24) - 1)),
        "a frame of 16,777,215 bytes",
    ),
    "a compressed message": (
        answers(
            with_headers(*GRPC, ("grpc-encoding", "gzip"), flags=END_HEADERS),
            says(gzip.compress(bytes(1 << 20)), flag=1),
        ),
        "a compressed message; nobody offered",
    ),
    "a flag of its own": (answers(heads, says(b"", flag=7)), "flag is neither 0 nor 1"),
    "no trailers": (answers(heads, says(b"", flags=END_STREAM)), "ended without a status"),
    "trailers without a status": (
        answers(heads, says(b""), with_headers(("x", "y"))),
        "ended without a status",
    ),
    "a status that is none": (
        answers(heads, says(b""), with_headers(("grpc-status", "99"))),
        "a status that is none",
    ),
    "no message": (answers(heads, ends), "without a message"),
    "half a message": (answers(heads, says(b"", length=5), ends), "ended inside a message"),
    "two messages": (answers(heads, says(b""), says(b"")), "more than one message"),
    "another type": (
        answers(with_headers((":status", "200"), ("content-type", "text/html"))),
        "not of type application/grpc",
    ),
    "an HTTP error": (answers(with_headers((":status", "502"))), "HTTP status 502"),
    "no protobuf": (answers(heads, says(b"\xff" * 9), ends), "no message of goatkit.plugin.v1"),
    "text that is no UTF-8": (
        answers(heads, says(b"\x0a\x01\xff"), ends),
        "no message of goatkit.plugin.v1",
    ),
    "no JSON": (
        answers(heads, says(b"\xf2\x01\x01{"), ends),
        "manifest_json is no JSON object",
    ),
    "deep JSON": (
        answers(heads, says(b"\xf2\x01\xd0\x0f" + b"[" * 2000), ends),
        "manifest_json is no JSON object",
    ),
    "deep menus": (
        answers(heads, lambda _peer, stream: frame(DATA, 0, stream, message(deep_menu(500))), ends),
        "no message of goatkit.plugin.v1",
    ),
    "a push": (answers(raw(PUSH, END_HEADERS, ..., struct.pack(">I", 2) + b"\x82")), "HTTP/2"),
    "a stream of its own": (
        answers(with_headers((":method", "POST"), flags=END_HEADERS), raw(HEADERS, 4, 2, b"\x83")),
        "HTTP/2|content|status",
    ),
    "it goes away": (answers(raw(GOAWAY, 0, 0, bytes(8))), "it went away"),
    "an overflowing window": (
        answers(raw(WINDOW, 0, 0, struct.pack(">I", 0x7FFFFFFF))),
        "HTTP/2",
    ),
    "a window that does not grow": (answers(raw(WINDOW, 0, 0, bytes(4))), "HTTP/2"),
    "HTTP/1.1": (
        answers(lambda *_: b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9),
        "a frame of 4,740,180 bytes",
    ),
    "nothing": (None, "closed its connection"),
}


def deep_menu(depth: int) -> bytes:
    """A menu item in a menu item, over and over."""

    def field(number: int, body: bytes) -> bytes:
        size, head = len(body), bytearray([number << 3 | 2])
        while size > 127:
            head.append(size & 127 | 128)
            size >>= 7
        return bytes(head) + bytes([size]) + body

    item = b""
    for _ in range(depth):
        item = field(8, item)
    return field(11, item)


def batches(names, size=10):
    """One server that forks serves several of them: it takes longer to start than they do."""
    names = list(names)
    return [names[at : at + size] for at in range(0, len(names), size)]


@pytest.mark.parametrize("names", batches(HOSTILE))
async def test_a_program_that_breaks_http2_or_grpc_is_ended_with_the_reason(stage, tmp_path, names):
    tmp_path.chmod(0o755)
    for number, name in enumerate(names):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with open_bridge(stage.fork_server, folder) as bridge:
            await is_ended(bridge, name)


async def is_ended(bridge, name):
    act, words = HOSTILE[name]
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:

            async def program():
                await bridge.peer.skip_preface()
                await bridge.peer.send(frame(SETTINGS, 0, 0))
                stream = await bridge.peer.asked("GKRegister")
                if act is not None:
                    await act(bridge.peer, stream)
                    await bridge.peer.stream.wait_send_all_might_not_block()
                    while await bridge.peer.next() is not None:
                        pass
                await bridge.peer.stream.aclose()

            nursery.start_soon(program)
            assert await bridge.ready() == ""
            peak = bridge.peak()
            await bridge.ask()
            outcome, text = await bridge.result()
            assert outcome is OutcomeCode.TRAP, (name, text)
            assert re.search(words, text), (name, text)
            assert len(text) < 300
            assert await bridge.hear() is None
            assert peak < MOST_MEMORY
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"\x08\x02", "its health service says NOT_SERVING; expected SERVING"),
        (b"\x08\x63", "says something unknown"),
        (b"", "says UNKNOWN"),
        (b"\xff", "no message of the kind"),
    ],
)
async def test_a_program_that_is_not_well_does_not_start(bridge, answer, words):
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:

            async def program():
                peer = bridge.peer
                await peer.skip_preface()
                await peer.send(frame(SETTINGS, 0, 0))
                while (found := await peer.next()) is not None:
                    kind, _, stream, _ = found
                    if kind == DATA and peer.paths[stream].endswith("/Check"):
                        await peer.send(peer.answer(stream, answer))

            nursery.start_soon(program)
            assert words in await bridge.ready()
            nursery.cancel_scope.cancel()


async def serve(peer, *, until="GKRegister", before=b""):
    """Serve as an honest program, and answer one call; then nothing."""
    await peer.skip_preface()
    await peer.send(frame(SETTINGS, 0, 0))
    stream = await peer.asked(until)
    await peer.send(before, peer.answer(stream, b""))
    while await peer.next() is not None:
        pass


@pytest.mark.parametrize("service", ["StreamStdio", "StartStream"])
async def test_a_stream_that_never_ends_costs_nothing_but_its_time(bridge, service):
    """What is printed and what the broker says without end is dropped, and calls go on."""
    said = b"\x08\x01\x12\x20" + b"x" * 31 + b"\n"
    if service == "StartStream":
        said = b"\x08\x09\x12\x04unix\x1a\x05/a/bc"
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:

            async def program():
                peer = bridge.peer
                await peer.skip_preface()
                await peer.send(frame(SETTINGS, 0, 0))
                stream = await peer.asked("GKRegister")
                other = next(n for n, path in peer.paths.items() if path.endswith(service))
                await peer.send(peer.headers(other, GRPC))
                await flood(peer, frame(DATA, 0, other, message(said)))
                await peer.send(peer.answer(stream, b""))
                await trio.sleep_forever()

            nursery.start_soon(program)
            assert await bridge.ready() == ""
            before = bridge.peak()
            await bridge.ask()
            outcome, _ = await bridge.result()
            assert outcome is OutcomeCode.OK
            assert bridge.peak() - before < 16 << 20
            assert len(bridge.logs) <= 1001
            nursery.cancel_scope.cancel()


@pytest.fixture
async def calling(bridge):
    """A bridge that waits for the answer to a call: the host may be called meanwhile."""
    async with trio.open_nursery() as nursery:

        async def program():
            peer = bridge.peer
            await peer.skip_preface()
            await peer.send(frame(SETTINGS, 0, 0))
            bridge.stream = await peer.asked("Call")
            while await peer.next() is not None:
                pass

        async def hear():
            found = await bridge.hear()
            # Where a call of the host is open, its log says why, as no result may come before.
            said = (OutcomeCode(found[0][2]), found[1].decode()) if found else None
            bridge.outcome = said or (OutcomeCode.TRAP, bridge.logs[-1])

        nursery.start_soon(program)
        with trio.fail_after(120):
            assert await bridge.ready() == ""
            await bridge.ask("work")
        nursery.start_soon(hear)
        yield bridge
        nursery.cancel_scope.cancel()


def request(peer, stream, method, body=b"", *headers, end=True, flag=0, length=None):
    head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method if method.startswith("/") else f"/goatkit.plugin.v1.GKHost/{method}"),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *headers,
    ]
    ends_it = END_STREAM if end else 0
    return peer.headers(stream, head) + frame(DATA, ends_it, stream, message(body, flag, length))


async def told(peer, stream):
    """Return the headers that end a stream."""
    with trio.fail_after(120):
        while (found := await peer.next()) is not None:
            kind, flags, number, _ = found
            if kind == HEADERS and flags & END_STREAM and number == stream:
                return peer.last_headers
    return None


async def alive(calling, peer, stream):
    await peer.send(request(peer, stream, "ConfigGet", b"\x0a\x01k"))
    assert (await told(peer, stream))["grpc-status"] == "0"


BAD_CALLS = [
    ("Nothing", b"", {}, "12"),
    ("/goatkit.plugin.v1.GKPlugin/Call", b"", {}, "12"),
    ("/" + "x" * 5000, b"", {}, "12"),
    ("ConfigGet", b"\xff", {}, "3"),
    ("DBQuery", b"\x12\x01{", {}, "3"),
    ("DBQuery", b"\x12\xd0\x0f" + b"[" * 2000, {}, "3"),
    ("ConfigGet", gzip.compress(bytes(1 << 20)), {"flag": 1}, "12"),
    ("ConfigGet", b"", {"length": (1 << 31) - 1, "end": False}, "8"),
    ("ConfigGet", b"x", {"length": 9}, "13"),
]


async def test_a_bad_call_of_the_host_gets_its_status_and_the_next_is_served(calling):
    peer = await calling.connect()
    for number, (method, body, more, status) in enumerate(BAD_CALLS):
        stream = 2 * number + 1
        await peer.send(request(peer, stream, method, body, **more))
        assert (await told(peer, stream))["grpc-status"] == status, (method, body)
    assert calling.calls == []
    await alive(calling, peer, 101)
    assert calling.calls == [b'config_get\0{"key": "k"}']


async def test_what_is_no_grpc_is_answered_by_an_http_status(calling):
    peer = await calling.connect()
    head = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x")]
    await peer.send(peer.headers(1, head, END_HEADERS | END_STREAM))
    assert (await told(peer, 1))[":status"] == "415"
    await alive(calling, peer, 3)


async def test_a_name_that_no_function_has_is_refused(calling):
    peer = await calling.connect()
    await peer.send(request(peer, 1, "Call", b"\x0a\x03a\0b"), request(peer, 3, "Call", b""))
    with trio.fail_after(120):
        while sum(kind == DATA for kind, *_ in peer.heard) < 2:
            await peer.next()
    said = [body for kind, _, _, body in peer.heard if kind == DATA]
    assert all(b"expected a function's name" in body for body in said)
    assert calling.calls == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (None, FLOOD),
        (frame(PING, 0, 0, bytes(8)), FLOOD),
        (frame(WINDOW, 0, 0, struct.pack(">I", 1)), f"{FLOOD}|HTTP/2"),
    ],
    ids=["rapid resets", "pings", "window updates"],
)
async def test_a_flood_of_the_hosts_service_ends_the_plugin(calling, one, words):
    peer = await calling.connect()
    with trio.fail_after(120):
        if one is None:
            async with trio.open_nursery() as nursery:

                async def listen():
                    while await peer.next() is not None:
                        pass

                nursery.start_soon(listen)
                try:
                    for stream in range(1, 2 * MANY, 2):
                        head = request(peer, stream, "Log")
                        await peer.send(head, frame(RST, 0, stream, struct.pack(">I", 8)))
                except (trio.BrokenResourceError, ConnectionResetError):
                    pass
                nursery.cancel_scope.cancel()
        else:
            await flood(peer, one)
        while not hasattr(calling, "outcome"):  # noqa: ASYNC110
            await trio.sleep(0.01)
    outcome, text = calling.outcome
    assert outcome is OutcomeCode.TRAP
    assert re.search(words, text), text


async def test_calls_that_are_never_finished_are_bounded_in_memory(calling):
    """100 streams, each with most of a large message: what is beyond the bound is refused."""
    peer = await calling.connect()
    before = calling.peak()
    part = bytes(16_000)
    room = {0: 65_535}
    with trio.fail_after(120):
        for stream in range(1, 100, 2):
            await peer.send(request(peer, stream, "Log", b"", length=1 << 20, end=False))
        refused = set()
        for _ in range(40):
            for stream in range(1, 100, 2):
                if stream in refused:
                    continue
                while room[0] < len(part):
                    kind, flags, number, body = await peer.next()
                    if kind == WINDOW and number == 0:
                        room[0] += int.from_bytes(body, "big")
                    if kind == HEADERS and flags & END_STREAM:
                        assert peer.last_headers["grpc-status"] == "8"
                        refused.add(number)
                if stream not in refused:
                    await peer.send(frame(DATA, 0, stream, part))
                    room[0] -= len(part)
    assert refused
    assert calling.peak() - before < 48 << 20


async def test_more_than_four_connections_wait_until_one_ends(calling):
    peers = [await calling.connect() for _ in range(5)]
    for peer in peers[:4]:
        await alive(calling, peer, 1)
    await peers[4].send(request(peers[4], 1, "ConfigGet", b"\x0a\x01k"))
    with trio.move_on_after(0.3):
        await told(peers[4], 1)
        pytest.fail("a fifth connection was served")
    await peers[0].stream.aclose()
    assert (await told(peers[4], 1))["grpc-status"] == "0"


async def test_another_process_cannot_call_the_host_for_this_plugin(calling):
    """As another plugin's program would, were they of one user and knew the path."""
    program = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "got = b''\n"
        "try:\n"
        f"    s.sendall({PREFACE!r} + bytes(9))\n"
        "    while part := s.recv(4096): got += part\n"
        "except OSError: pass\n"
        "print('told', len(got))\n"
    )

    def run():
        command = [sys.executable, "-c", program, calling.address]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    done = await trio.to_thread.run_sync(run)
    assert done.stdout.strip() == "told 0", done.stderr
    assert calling.calls == []
    peer = await calling.connect()
    await alive(calling, peer, 1)


async def test_a_registration_of_very_many_parts_ends_within_its_memory(bridge):
    """Two bytes a part: each becomes an object that is far larger."""
    async with trio.open_nursery() as nursery:

        async def program():
            peer = bridge.peer
            await peer.skip_preface()
            await peer.send(frame(SETTINGS, 0, 0))
            stream = await peer.asked("GKRegister")
            body = message(b"\x52\x00" * 2_000_000)
            await peer.send(peer.headers(stream, GRPC))
            room = 1 << 20  # what the bridge gives at its start
            while body:
                while room < 16_000:
                    found = await peer.next()
                    if found is None:
                        return
                    if found[0] == WINDOW and found[2] == 0:
                        room += int.from_bytes(found[3], "big")
                await peer.send(frame(DATA, 0, stream, body[:16_000]))
                room -= len(body[:16_000])
                body = body[16_000:]
            await peer.send(peer.headers(stream, OK, END_HEADERS | END_STREAM))
            while await peer.next() is not None:
                pass

        nursery.start_soon(program)
        with trio.fail_after(120):
            assert await bridge.ready() == ""
            await bridge.ask()
            outcome, text = await bridge.result()
        assert outcome in (OutcomeCode.TRAP, OutcomeCode.BAD_RESULT), outcome
        # The library that parses it says no more than that it could not.
        assert re.search("memory|bytes|no message of", text), text[:200]
        nursery.cancel_scope.cancel()


def test_answers_that_a_peer_does_not_read_are_bounded():
    """Data for a stream that is gone is answered by a reset each: h2 keeps these by itself."""
    client = Client(Caps(unsent=100_000))
    client.output()
    call = client.call("/x", b"")
    client.feed(frame(SETTINGS, 0, 0) + frame(RST, 0, call, struct.pack(">I", 8)))
    many = frame(DATA, 0, call, b"x") * 500

    def feed_on():
        while True:
            client.feed(many)

    with pytest.raises(GrpcError, match="does not read"):
        feed_on()


async def test_a_call_outside_of_a_call_is_refused(bridge):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, bridge.peer)
        with trio.fail_after(120):
            assert await bridge.ready() == ""
            peer = await bridge.connect()
            await peer.send(request(peer, 1, "Log"))
            answer = await told(peer, 1)
        assert answer["grpc-status"] == "2"
        assert "only while it answers a call" in answer["grpc-message"].replace("%20", " ")
        nursery.cancel_scope.cancel()


async def test_it_dies_with_nothing_kept_where_the_room_for_its_words_is_none(bridge):
    """A window of nothing: the call waits, and its deadline is the supervisor's."""
    async with trio.open_nursery() as nursery:

        async def program():
            peer = bridge.peer
            await peer.skip_preface()
            await peer.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)))
            while await peer.next() is not None:
                pass

        nursery.start_soon(program)
        with trio.move_on_after(1):
            await bridge.ready()
            pytest.fail("it started without a word from the program")
        assert bridge.peak()
        nursery.cancel_scope.cancel()
