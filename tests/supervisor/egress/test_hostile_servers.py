"""Servers that lie, flood, stall or break HTTP: status 0, a reason, and nothing left open."""

import errno
import gc
import gzip
import logging
import socket
import struct
import zlib

import pytest
import trio

pytestmark = pytest.mark.usefixtures("no_leak")

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\n\r\n"
LIMIT = 100_000
SMALL = {"max_response_bytes": LIMIT}

GARBAGE = {
    "nothing at all": b"",
    "a line break": b"\r\n",
    "not HTTP": b"SSH-2.0-OpenSSH_9.9\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "a status line alone": b"HTTP/1.1 200 OK\r\n",
    "half a status line": b"HTTP/1.1 20",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a status of zero": b"HTTP/1.1 000 OK\r\n\r\n",
    "a negative status": b"HTTP/1.1 -20 OK\r\n\r\n",
    "a huge status": b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an upgrade that was not asked for": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "a header without a colon": HEAD + b"Broken\r\n\r\n",
    "a header with a space in its name": HEAD + b"A B: c\r\n\r\n",
    "a header with NUL": HEAD + b"A: b\x00c\r\n\r\n",
    "a length that is negative": HEAD + b"Content-Length: -1\r\n\r\n",
    "a length that is no number": HEAD + b"Content-Length: ten\r\n\r\n",
    "a length beyond all numbers": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nx",
    "a length of 5,000 digits": HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length that promises more": HEAD + b"Content-Length: 10\r\n\r\nabc",
    "an unknown transfer encoding": HEAD + b"Transfer-Encoding: magic\r\n\r\nabc",
    "two transfer encodings": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a chunk size of letters": CHUNKED + b"xyz\r\nabc\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\nabc\r\n",
    "a huge chunk size": CHUNKED + b"f" * 40 + b"\r\nabc\r\n",
    "a chunk longer than it says": CHUNKED + b"1\r\nabc\r\n0\r\n\r\n",
    "a chunk that stops half-way": CHUNKED + b"5\r\nab",
    "chunks without an end": CHUNKED + b"1\r\na\r\n",
    "a broken trailer": CHUNKED + b"0\r\nbroken\r\n\r\n",
    "gzip that is none": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "gzip cut short": GZIP + gzip.compress(b"hello")[:-6],
    "gzip and then rubbish": GZIP + gzip.compress(b"a") + b"junk",
    "brotli": HEAD + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\n\x0b\x02\x80",
    "gzip twice": HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\na",
    "two encodings in two headers": HEAD
    + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
}  # fmt: skip


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE.keys())
async def test_an_answer_that_breaks_http_is_no_answer(serve, caller, reply):
    server = await serve(reply.replace(b"hello", b"s3cret"))
    with trio.fail_after(120):
        answer = await caller(server.port).get("/s3cret")
    assert (answer.status, answer.body) == (0, b"")
    assert answer.detail.startswith("the response from ok.test is not usable")
    assert "s3cret" not in answer.detail
    assert answer.address == "127.0.0.1"
    assert server.connections == 1


async def test_a_connection_that_is_reset_is_a_network_error(serve, caller):
    async def reset(server, stream):
        await server.read_request(stream)
        await stream.send_all(HEAD + b"Content-Length: 10\r\n\r\nabc")
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = await serve(handler=reset)
    answer = await caller(server.port).get()
    assert answer.status == 0
    assert "ok.test" in answer.detail


async def test_a_body_of_the_greatest_size_is_read_and_one_byte_more_is_not(serve, caller):
    for extra in (0, 1):
        body = b"x" * (LIMIT + extra)
        server = await serve(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = await caller(server.port, policy=SMALL).get()
        if extra:
            assert (answer.status, answer.body) == (0, b"")
            assert (
                answer.detail
                == "the response from ok.test is too large: its body exceeds 100000 bytes"
            )
        else:
            assert (answer.status, answer.body) == (200, body)


async def endless(stream, head: bytes, part: bytes) -> None:
    await stream.send_all(head)
    while True:
        await stream.send_all(part)


FLOODS = {
    "a body without an end": (HEAD + b"\r\n", b"x" * 8192),
    "a length that lies far beyond": (HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 8192),
    "chunks of one byte": (CHUNKED, b"1\r\nx\r\n" * 1000),
    "chunk extensions": (
        CHUNKED,
        b"1;" + b"e" * 200 + b"\r\nx\r\n",
    ),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100),
    "headers": (HEAD, b"X-Flood: " + b"x" * 1000 + b"\r\n"),
    "one header line": (HEAD + b"X-Flood: ", b"x" * 8192),
    "one status line": (b"HTTP/1.1 200 ", b"x" * 8192),
    "trailers": (CHUNKED + b"0\r\n", b"X-Flood: x\r\n" * 100),
    "empty lines": (b"", b"\r\n" * 4096),
}


@pytest.mark.parametrize(("head", "part"), FLOODS.values(), ids=FLOODS.keys())
async def test_a_flood_is_cut_off_and_its_connection_closed(serve, caller, head, part):
    async def flood(server, stream):
        await server.read_request(stream)
        await endless(stream, head, part)

    server = await serve(handler=flood)
    with trio.fail_after(120):
        answer = await caller(server.port, policy=SMALL).get()
        await server.released.wait()
    assert (answer.status, answer.body) == (0, b"")
    assert "ok.test is" in answer.detail
    assert answer.received_bytes < 600_000


async def test_a_gzip_bomb_is_cut_off_at_the_limit(serve, caller):
    bomb = gzip.compress(bytes(200 * LIMIT))
    assert len(bomb) < LIMIT
    server = await serve(GZIP + bomb)
    answer = await caller(server.port, policy=SMALL).get()
    assert answer.status == 0
    assert "too large" in answer.detail


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (b"gzip", gzip.compress(b"hello")),
        (b"GZip", gzip.compress(b"he") + gzip.compress(b"") + gzip.compress(b"llo")),
        (b"x-gzip", gzip.compress(b"hello")),
        (b"deflate", zlib.compress(b"hello")),
        (b"identity", b"hello"),
    ],
    ids=["gzip", "GZip, three members", "x-gzip", "deflate", "identity"],
)
async def test_a_body_that_was_packed_unasked_is_unpacked(serve, caller, coding, packed):
    server = await serve(HEAD + b"Content-Encoding: " + coding + b"\r\n\r\n" + packed)
    answer = await caller(server.port).get()
    assert (answer.status, answer.body) == (200, b"hello")


async def test_a_packed_body_of_exactly_the_limit_is_read(serve, caller):
    packed = gzip.compress(bytes(LIMIT))
    server = await serve(GZIP + packed)
    answer = await caller(server.port, policy=SMALL).get()
    assert (answer.status, len(answer.body)) == (200, LIMIT)


async def test_an_early_answer_to_a_large_request_is_read(serve, caller):
    async def refuse(server, stream):
        await stream.receive_some(1000)
        await stream.send_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await server.wait_client_gone(stream)

    server = await serve(handler=refuse)
    answer = await caller(server.port).get(method="POST", body="x" * 500_000)
    assert answer.status == 413


# -- deadlines ---------------------------------------------------------------------------------


async def accept_and_wait(server, stream):
    server.got_request.set()
    await server.wait_client_gone(stream)


async def read_and_wait(server, stream):
    await server.read_request(stream)
    await server.wait_client_gone(stream)


async def head_and_wait(server, stream):
    await server.read_request(stream)
    await stream.send_all(HEAD + b"Content-Length: 10\r\n\r\nabc")
    await server.wait_client_gone(stream)


async def half_a_head_and_wait(server, stream):
    await server.read_request(stream)
    await stream.send_all(b"HTTP/1.1 200")
    await server.wait_client_gone(stream)


@pytest.mark.parametrize(
    "handler", [accept_and_wait, read_and_wait, head_and_wait, half_a_head_and_wait]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_deadline_closes_the_connection_wherever_it_stands(
    serve, caller, handler, scheme, authority
):
    over_tls = scheme == "https" and handler is not accept_and_wait
    tls = authority.server_context("ok.test") if over_tls else None
    server = await serve(handler=handler, tls=tls)
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(caller(server.port, scheme=scheme).get)
            await server.got_request.wait()
            nursery.cancel_scope.cancel()
        await server.released.wait()
    gc.collect()  # an unclosed stream or generator would warn here, and warnings are errors


async def test_a_deadline_while_connecting_closes_every_attempt(caller, fixed_resolver):
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.7", 0))
        deaf.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            assert filler.connect_ex(deaf.getsockname()) in {0, errno.EINPROGRESS}
        resolver = fixed_resolver(["127.0.0.7"])
        with trio.move_on_after(0.5) as scope:
            await caller(deaf.getsockname()[1], resolver=resolver).get()
        assert scope.cancelled_caught
    gc.collect()


async def test_a_deadline_while_a_name_is_looked_up_ends_the_request(caller):
    class Stuck:
        asked = trio.Event()

        async def resolve(self, host, port):
            self.asked.set()
            await trio.sleep_forever()

    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(caller(80, resolver=Stuck()).get)
            await Stuck.asked.wait()
            nursery.cancel_scope.cancel()


async def test_other_tasks_run_while_a_server_floods(serve, caller):
    """A server that makes each byte expensive gets small turns only."""

    async def flood(server, stream):
        await server.read_request(stream)
        await endless(stream, CHUNKED, b"1\r\nx\r\n" * 20_000)

    turns = 0

    async def count():
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    server = await serve(handler=flood)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        answer = await caller(server.port, policy=SMALL).get()
        nursery.cancel_scope.cancel()
    assert answer.status == 0
    assert turns > answer.received_bytes / 8192


async def test_no_secret_reaches_a_log_even_at_level_debug(serve, caller, caplog):
    caplog.set_level(logging.DEBUG)
    server = await serve(HEAD + b"Set-Cookie: s3cret\r\nContent-Length: 6\r\n\r\ns3cret")
    answer = await caller(server.port).get(
        "/s3cret?s3cret", method="POST", headers={"Authorization": "s3cret"}, body="s3cret"
    )
    assert answer.status == 200
    assert "s3cret" not in caplog.text
