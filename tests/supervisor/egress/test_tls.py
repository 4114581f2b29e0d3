"""TLS is verified against the declared host, with a certificate authority made for the test."""

import gc
import ssl

import pytest

from supervisor.egress import EgressClient, EgressPolicy, EgressRequest

pytestmark = pytest.mark.usefixtures("no_leak")


async def test_a_server_that_proves_the_declared_host_is_answered(serve, caller, authority):
    context = authority.server_context("ok.test")
    names = []
    context.sni_callback = lambda _object, name, _context: names.append(name)
    server = await serve(tls=context)
    answer = await caller(server.port, scheme="https").get()
    assert (answer.status, answer.body, answer.detail) == (200, b"ok", None)
    assert names == ["ok.test"]


@pytest.mark.parametrize(
    ("host", "days", "reason"),
    [("evil.test", 30, "Hostname mismatch"), ("ok.test", -1, "expired")],
)
async def test_a_certificate_that_does_not_fit_is_refused_before_the_request(
    serve, caller, authority, host, days, reason
):
    server = await serve(tls=authority.server_context(host, days=days))
    answer = await caller(server.port, scheme="https").get("/s3cret")
    assert answer.status == 0
    assert reason in answer.detail
    assert "s3cret" not in answer.detail
    assert server.requests == []
    gc.collect()


async def test_a_certificate_of_an_unknown_authority_is_refused_by_default(
    serve, caller, authority
):
    server = await serve(tls=authority.server_context("ok.test"))
    asking = caller(server.port)
    policy = EgressPolicy(
        ports=frozenset({server.port}), private={"ok.test": asking.make()._private["ok.test"]}
    )
    async with EgressClient(policy, resolver=asking.resolver) as client:
        request = EgressRequest(url=f"https://ok.test:{server.port}/")
        answer = await client.request(request, frozenset({"ok.test"}))
        assert client._tls.verify_mode is ssl.CERT_REQUIRED
        assert client._tls.check_hostname
    assert answer.status == 0
    assert "the certificate is not accepted" in answer.detail
    assert server.requests == []


async def test_a_server_without_tls_is_no_https_server(serve, caller):
    async def speak_plainly(server, stream):
        await stream.receive_some(1000)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    server = await serve(handler=speak_plainly)
    answer = await caller(server.port, scheme="https").get()
    assert answer.status == 0
    assert answer.detail.startswith(f"TLS with ok.test port {server.port} failed: ")


async def test_a_server_that_hangs_up_in_the_handshake_is_named(serve, caller):
    async def hang_up(server, stream):
        await stream.receive_some(1000)

    server = await serve(handler=hang_up)
    answer = await caller(server.port, scheme="https").get()
    assert answer.status == 0
    assert "handshake" in answer.detail or "eof" in answer.detail


async def test_a_stand_in_over_tls_proves_its_own_name(serve, caller, authority):
    server = await serve(tls=authority.server_context("stand-in.test"))
    policy = {
        "ports": frozenset({443}),
        "routes": {"ok.test": f"https://stand-in.test:{server.port}"},
    }
    answer = await caller(server.port, policy=policy).get(url="https://ok.test/")
    assert (answer.status, answer.detail) == (200, None)
    assert server.headers()["host"] == "ok.test"
