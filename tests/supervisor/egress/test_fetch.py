"""Fetching a module: what a server can do to whoever follows a link, on real connections."""

import pytest
import trio

from supervisor.administration.fetch import Fetched, Fetcher, FetchRules, shown_url
from supervisor.errors import FetchFailed

MODULE = b"\0asm\1\0\0\0" + b"x" * 5_000
PLAIN = FetchRules(total_s=20.0, plain_http=True)
MOST = 10_000


def answer(body=MODULE, *, length=None, status=b"200 OK", more=b""):
    size = len(body) if length is None else length
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, size, more, body)


def redirect(to, status=b"302 Found"):
    return answer(b"", status=status, more=b"Location: " + to.encode() + b"\r\n")


@pytest.fixture
def fetch(caller):
    async def go(port, path="/plugin.wasm", *, rules=PLAIN, url=None, progress=None, **settings):
        async with caller(port, **settings).make() as egress:
            where = url or f"{settings.get('scheme', 'http')}://ok.test:{port}{path}"
            return await Fetcher(egress, rules).fetch(where, MOST, progress or Fetched())

    return go


async def test_a_file_is_fetched_once_with_its_size_known(serve, fetch):
    server = await serve(answer())
    progress = Fetched()
    assert await fetch(server.port, progress=progress) == MODULE
    assert progress.total_bytes == len(MODULE)
    assert progress.received_bytes > len(MODULE)
    assert server.connections == 1
    assert server.headers()["user-agent"] == "OpenHelpDesk"


async def test_tls_is_verified(serve, fetch, authority):
    good = await serve(answer(), tls=authority.server_context("ok.test"))
    assert await fetch(good.port, scheme="https", rules=FetchRules()) == MODULE
    bad = await serve(answer(), tls=authority.server_context("other.test"))
    with pytest.raises(FetchFailed, match=r"TLS with ok.test"):
        await fetch(bad.port, scheme="https", rules=FetchRules())


async def test_a_redirect_is_followed_as_if_it_were_the_first_url(serve, fetch):
    hops = [redirect("/elsewhere.wasm", status) for status in (b"301 x", b"307 x", b"308 x")]

    async def handler(server, stream):
        await server.read_request(stream)
        await stream.send_all([*hops, answer()][len(server.requests) - 1])

    server = await serve(handler=handler)
    assert await fetch(server.port) == MODULE
    assert server.connections == 4
    assert server.requests[1].startswith(b"GET /elsewhere.wasm ")


async def test_a_redirect_that_never_ends_is_left(serve, fetch):
    server = await serve(redirect("/again"))
    with pytest.raises(FetchFailed, match="redirects more than 3 times"):
        await fetch(server.port)
    assert server.connections == 4


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("http://169.254.169.254/latest/", "IP address"),
        ("http://metadata.test:{port}/", "leads to 127.0.0.1, which is refused"),
        ("http://ok.test:22/", "port 22 is not allowed"),
        ("http://user:pass@ok.test:{port}/", "no plain host name"),
        ("ftp://ok.test/x", "must begin with"),
        ("file:///etc/passwd", "must begin with"),
        ("http://[::1]:{port}/", "no plain host name"),
        ("http://[/", "invalid URL"),
        ("/with space", "space"),
    ],
)
async def test_a_redirect_leads_nowhere_that_the_url_itself_may_not(serve, fetch, to, words):
    async def handler(server, stream):
        await server.read_request(stream)
        await stream.send_all(redirect(to.format(port=server.port)))

    server = await serve(handler=handler)
    with pytest.raises(FetchFailed, match=words):
        await fetch(server.port)
    assert server.connections == 1


async def test_a_redirect_from_https_to_http_is_refused(serve, fetch, authority):
    server = await serve(redirect("http://ok.test/x"), tls=authority.server_context("ok.test"))
    with pytest.raises(FetchFailed, match="must begin with https"):
        await fetch(server.port, scheme="https", rules=FetchRules())


async def test_plain_http_is_refused_unless_the_operator_allows_it(serve, fetch):
    server = await serve(answer())
    with pytest.raises(FetchFailed, match=r"must begin with https.*config.toml"):
        await fetch(server.port, rules=FetchRules())
    assert server.connections == 0


async def test_an_address_that_is_not_public_is_refused(serve, fetch):
    server = await serve(answer())
    with pytest.raises(FetchFailed, match=r"leads to 127.0.0.1, which is refused"):
        await fetch(server.port, policy={"private": {}})
    assert server.connections == 0


async def test_what_is_too_large_is_not_read(serve, fetch):
    async def endless(server, stream):
        await server.read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 10_000)

    server = await serve(handler=endless)
    progress = Fetched()
    with pytest.raises(FetchFailed, match="too large"):
        await fetch(server.port, progress=progress)
    assert progress.received_bytes < 10 * MOST
    claims = await serve(answer(b"x", length=MOST + 1))
    with pytest.raises(FetchFailed, match="too large"):
        await fetch(claims.port)
    bomb = await serve(answer(b"x", length=10**19))
    with pytest.raises(FetchFailed):
        await fetch(bomb.port)


async def test_a_body_that_is_shorter_than_the_server_says_is_no_file(serve, fetch):
    server = await serve(answer(MODULE, length=len(MODULE) + 100))
    with pytest.raises(FetchFailed, match="stopped before the end"):
        await fetch(server.port)


async def test_a_body_that_is_longer_than_the_server_says_is_cut_there(serve, fetch):
    server = await serve(answer(MODULE, length=1_000))
    assert await fetch(server.port) == MODULE[:1_000]


async def test_a_server_that_takes_its_time_is_left(serve, fetch):
    async def slow(server, stream):
        await server.read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        await server.wait_client_gone(stream)

    server = await serve(handler=slow)
    with pytest.raises(FetchFailed, match=r"took longer than 1 s"):
        await fetch(server.port, rules=FetchRules(total_s=1.0, plain_http=True))
    with trio.fail_after(120):
        await server.released.wait()


@pytest.mark.parametrize("status", [b"404 Not Found", b"500 Oops", b"204 No Content", b"302 Found"])
async def test_another_status_is_named(serve, fetch, status):
    server = await serve(answer(b"", status=status))
    with pytest.raises(FetchFailed, match=f"answered {status[:3].decode()}; expected 200"):
        await fetch(server.port)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@example.com/a.wasm?token=s#f", "https://example.com/a.wasm"),
        ("https://example.com?token=s", "https://example.com"),
        ("u:secret@example.com", "example.com"),
        ("https://example.com/\x1b[31mred", "https://example.com/"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url, shown):
    assert shown_url(url).startswith(shown)
    for hidden in ("token", "secret", "u:p", "\x1b"):
        assert hidden not in shown_url(url)
