"""The client against real servers on loopback."""

import errno
import socket

import pytest
import trio

from supervisor.egress import EgressClient, EgressPolicy, EgressRequest, RouteInvalid

pytestmark = pytest.mark.usefixtures("no_leak")


async def test_a_request_is_made_as_the_guest_wants_it(serve, caller):
    server = await serve(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello")
    answer = await caller(server.port).get(
        "/hook?a=b", method="POST", headers={"Content-Type": "text/plain"}, body="caf\u00e9"
    )
    assert (answer.status, answer.body, answer.detail) == (201, b"hello", None)
    assert answer.address == "127.0.0.1"
    assert server.requests[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert server.requests[0].endswith("\r\n\r\ncaf\u00e9".encode())
    assert server.headers() == {
        "host": f"ok.test:{server.port}",
        "content-type": "text/plain",
        "content-length": "5",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": "OpenHelpDesk-Plugin",
        "accept": "*/*",
    }
    assert answer.sent_bytes == len(server.requests[0])
    assert answer.received_bytes == 48
    assert answer.duration_s > 0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post"])
async def test_every_verb_of_an_api_is_sent(serve, caller, method):
    server = await serve()
    answer = await caller(server.port).get(method=method, body="x")
    assert answer.status == 200
    assert server.requests[0].startswith(method.upper().encode() + b" / ")
    assert server.requests[0].endswith(b"x")


async def test_head_has_no_body_whatever_its_length_says(serve, caller):
    server = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
    answer = await caller(server.port).get(method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "method", ["CONNECT", "TRACE", "PROPFIND", "GET /x HTTP/1.1\r\nA:", " GET", "\u212a"]
)
async def test_another_verb_is_refused_without_a_connection(serve, caller, method):
    server = await serve()
    answer = await caller(server.port).get(method=method)
    assert answer.status == 0
    assert "use one of GET, HEAD" in answer.detail
    assert server.connections == 0


async def test_a_post_without_a_body_says_that_it_is_empty(serve, caller):
    server = await serve()
    assert (await caller(server.port).get(method="POST")).status == 200
    assert server.headers()["content-length"] == "0"


async def test_headers_that_are_ours_are_reported_and_not_sent(serve, caller):
    server = await serve()
    answer = await caller(server.port).get(
        headers={"Host": "evil.test", "Transfer-Encoding": "chunked", "X-A": "1"}
    )
    assert answer.dropped_headers == ("Host", "Transfer-Encoding")
    assert server.headers()["host"] == f"ok.test:{server.port}"
    assert "transfer-encoding" not in server.headers()
    assert server.headers()["x-a"] == "1"


async def test_an_injected_header_is_refused_without_a_connection(serve, caller):
    server = await serve()
    answer = await caller(server.port).get(headers={"X-A": "b\r\nX-Injected: 1"})
    assert answer.status == 0
    assert "X-A" in answer.detail
    assert server.connections == 0


async def test_a_redirect_is_handed_over_and_not_followed(
    serve, caller, silent_listener, saw_connection
):
    other = f"http://ok.test:{silent_listener.getsockname()[1]}/".encode()
    server = await serve(
        b"HTTP/1.1 302 Found\r\nLocation: " + other + b"\r\nContent-Length: 0\r\n\r\n"
    )
    ports = frozenset({server.port, silent_listener.getsockname()[1]})
    answer = await caller(server.port, policy={"ports": ports}).get()
    assert (answer.status, answer.body) == (302, b"")
    assert not saw_connection(silent_listener)


async def test_proxies_and_credentials_of_the_environment_are_not_used(
    serve, caller, silent_listener, saw_connection, monkeypatch, tmp_path
):
    proxy = f"http://127.0.0.1:{silent_listener.getsockname()[1]}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.lower(), proxy)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine ok.test login me password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = await serve()
    assert (await caller(server.port).get()).status == 200
    assert "authorization" not in server.headers()
    assert not saw_connection(silent_listener)


async def test_nothing_of_one_request_reaches_the_next(serve, caller):
    reply = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
    )
    server = await serve(reply + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
    settings = caller(server.port)
    async with settings.make() as client:
        for _ in range(2):
            request = EgressRequest(url=f"http://ok.test:{server.port}/")
            answer = await client.request(request, settings.allowed)
            assert (answer.status, answer.body) == (200, b"")
    assert server.connections == 2
    assert "cookie" not in server.headers()


async def test_interim_answers_are_skipped(serve, caller):
    server = await serve(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 204 No Content\r\n\r\n"
    )
    assert (await caller(server.port).get()).status == 204


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcdefgh",
    ],
    ids=["chunked", "until the end", "HTTP/1.0", "more than it says"],
)
async def test_each_framing_of_a_body_is_read(serve, caller, reply):
    server = await serve(reply)
    answer = await caller(server.port).get()
    assert (answer.status, answer.body, answer.detail) == (200, b"abcde", None)


async def test_a_request_of_the_greatest_size_is_sent_and_one_byte_more_is_not(serve, caller):
    server = await serve()
    url = f"http://ok.test:{server.port}/"
    policy = {"max_request_bytes": 200_000}
    body = "x" * (200_000 - len(url) - len("POST"))
    asking = caller(server.port, policy=policy)
    assert (await asking.get(method="POST", body=body)).status == 200
    assert server.requests[0].endswith(body.encode())
    answer = await asking.get(method="POST", body=body + "x")
    assert answer.status == 0
    assert "200001 bytes; the limit is 200000" in answer.detail
    assert server.connections == 1


async def test_nobody_listening_is_a_network_error_with_a_reason(silent_listener, caller):
    port = silent_listener.getsockname()[1]
    silent_listener.close()
    answer = await caller(port).get("/s3cret?s3cret")
    assert (answer.status, answer.body, answer.address) == (0, b"", None)
    assert answer.detail == f"the connection to ok.test port {port} failed: Connection refused"


async def test_a_host_that_is_not_declared_is_not_even_looked_up(serve, caller, fixed_resolver):
    server = await serve()
    resolver = fixed_resolver(["127.0.0.1"])
    answer = await caller(server.port, resolver=resolver, allowed=frozenset()).get()
    assert answer.status == 403
    assert resolver.asked == []
    assert server.connections == 0


async def test_a_client_that_was_not_entered_says_so(caller):
    client = EgressClient(EgressPolicy())
    with pytest.raises(RuntimeError, match="async with"):
        await client.request(EgressRequest(url="http://ok.test/"), frozenset({"ok.test"}))


# -- stand-ins ---------------------------------------------------------------------------------


async def test_a_stand_in_gets_the_requests_of_a_declared_host(serve, caller):
    server = await serve()
    policy = {
        "ports": frozenset({80, 443}),
        "private": {},
        "routes": {"OK.test": f"http://127.0.0.1:{server.port}/base/"},
        "live": False,
    }
    answer = await caller(server.port, policy=policy).get(url="https://ok.test/hook?q=1")
    assert answer.status == 200
    assert server.requests[0].startswith(b"GET /base/hook?q=1 HTTP/1.1\r\n")
    assert server.headers()["host"] == "ok.test"


async def test_a_stand_in_does_not_declare_a_host(serve, caller):
    server = await serve()
    policy = {"routes": {"evil.test": f"http://127.0.0.1:{server.port}"}}
    answer = await caller(server.port, policy=policy).get(url=f"http://evil.test:{server.port}/")
    assert answer.status == 403
    assert server.connections == 0


async def test_a_host_without_a_stand_in_is_not_reached_when_live_is_off(serve, caller):
    server = await serve()
    answer = await caller(server.port, policy={"live": False}).get()
    assert answer.status == 0
    assert "live requests are off" in answer.detail
    assert server.connections == 0


def test_a_stand_in_that_is_no_base_url_is_refused_at_once():
    with pytest.raises(RouteInvalid):
        EgressClient(EgressPolicy(routes={"ok.test": "ok.test:80"}))


# -- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"], ["127.0.0.2"], ["::1"], ["0.0.0.0"], ["::"], ["::ffff:127.0.0.1"],
        ["::ffff:0.0.0.0"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["::127.0.0.1"],
        ["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["169.254.169.254"], ["10.0.0.1"],
        ["fd00::1"], ["fe80::1%lo"], ["224.0.0.1"], ["localhost"], ["127.1"], [""],
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused_without_a_connection(
    serve, caller, fixed_resolver, answers
):
    server = await serve(host="0.0.0.0")
    resolver = fixed_resolver(answers)
    answer = await caller(server.port, resolver=resolver, policy={"private": {}}).get("/s3cret")
    assert (answer.status, answer.address) == (0, None)
    assert "ok.test leads to" in answer.detail
    assert "s3cret" not in answer.detail
    assert server.connections == 0


async def test_a_network_is_allowed_for_its_host_alone(serve, caller):
    server = await serve()
    allowed = frozenset({"ok.test", "other.test"})
    asking = caller(server.port, allowed=allowed)
    assert (await asking.get()).status == 200
    answer = await asking.get(url=f"http://other.test:{server.port}/")
    assert answer.status == 0
    assert server.connections == 1


async def test_a_name_is_resolved_once_and_the_checked_address_is_used(
    serve, caller, fixed_resolver
):
    server = await serve(host="0.0.0.0")
    resolver = fixed_resolver(["127.0.0.5"], ["10.0.0.1"], ["127.0.0.1"])
    asking = caller(server.port, resolver=resolver)
    answer = await asking.get()
    assert (answer.status, answer.address) == (200, "127.0.0.5")
    assert resolver.asked == [("ok.test", server.port)]
    rebound = await asking.get()
    assert rebound.status == 0
    assert "10.0.0.1" in rebound.detail
    assert server.connections == 1


async def test_the_next_checked_address_is_tried_when_one_refuses(serve, caller, fixed_resolver):
    server = await serve()
    resolver = fixed_resolver(["127.0.0.9", "127.0.0.8", "127.0.0.1"])
    answer = await caller(server.port, resolver=resolver).get()
    assert (answer.status, answer.address) == (200, "127.0.0.1")


async def test_an_address_that_never_answers_does_not_hold_up_the_next(
    serve, caller, fixed_resolver
):
    server = await serve()
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.7", server.port))
        deaf.listen(0)
        # A full queue: Linux drops the next connection attempt instead of refusing it.
        for filler in (first, second):
            filler.setblocking(False)
            assert filler.connect_ex(deaf.getsockname()) in {0, errno.EINPROGRESS}
        resolver = fixed_resolver(["127.0.0.7", "127.0.0.1"])
        with trio.fail_after(60):
            answer = await caller(server.port, resolver=resolver).get()
    assert (answer.status, answer.address) == (200, "127.0.0.1")
