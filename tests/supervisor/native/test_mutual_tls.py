"""Mutual TLS below go-plugin: the certificate of the handshake line, and no other.

The test's process is the program, with Python's own TLS at its end.
"""

import base64
import ssl
from contextlib import suppress

import pytest
import trio

from sandbox_child.goplugin.tls import TlsLink, load_identity, trust
from supervisor.native.identity import make_identity
from tests.supervisor.native.http2_peer import Peer, open_bridge


def der(identity) -> bytes:
    return ssl.PEM_cert_to_DER_cert(identity.certificate)


def context_of(own, peer, tmp_path, *, server: bool):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    file = tmp_path / "program.pem"
    file.write_text(own.both)
    context.load_cert_chain(file)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=peer.certificate)
    return context


def spoken(host, told: bytes) -> dict[str, str]:
    text = base64.b64encode(told).decode().rstrip("=")
    return {"certificate": text, "identity": host.both}


async def serve(bridge, context) -> str:
    """Serve health over TLS; return what went wrong."""
    stream = trio.SSLStream(bridge.peer.stream, context, server_side=True)
    peer = Peer(stream)
    try:
        await stream.do_handshake()
        await peer.skip_preface()
        await peer.send(b"\0\0\0\4\0\0\0\0\0")
        await peer.asked("Never")
    except trio.BrokenResourceError as exc:
        await bridge.peer.stream.aclose()
        return str(exc.__cause__)
    return ""


async def run(
    stage, tmp_path, *, told, own=None, host=None, least=ssl.TLSVersion.TLSv1_2, most=None
):
    """Return why the bridge did not start, or nothing; ``told`` is in the handshake line."""
    host, own = make_identity(), make_identity()
    tmp_path.chmod(0o755)
    context = context_of(own, host, tmp_path, server=True)
    if most is not None:
        context.maximum_version = most
    said = der(own) if told is None else told
    async with (
        open_bridge(stage.fork_server, tmp_path, **spoken(host, said)) as bridge,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(serve, bridge, context)
        with trio.fail_after(120):
            why = await bridge.ready()
        nursery.cancel_scope.cancel()
    return why


async def test_the_certificate_of_the_handshake_line_is_taken(stage, tmp_path):
    assert await run(stage, tmp_path, told=None) == ""


async def test_another_certificate_is_refused(stage, tmp_path):
    why = await run(stage, tmp_path, told=der(make_identity()))
    assert "TLS: " in why


@pytest.mark.parametrize(
    ("told", "words"),
    [(b"\x30\x82" + bytes(60), "cannot be read"), (b"\xff" * 2000, "cannot be read")],
)
async def test_a_certificate_that_is_none_is_refused(stage, tmp_path, told, words):
    assert words in await run(stage, tmp_path, told=told)


async def test_an_older_tls_is_refused(stage, tmp_path):
    why = await run(stage, tmp_path, told=None, most=ssl.TLSVersion.TLSv1_2)
    assert "TLS: " in why or "closed its connection" in why


async def test_a_program_that_announces_tls_and_speaks_plainly_is_refused(stage, tmp_path):
    host, own = make_identity(), make_identity()
    tmp_path.chmod(0o755)
    async with open_bridge(stage.fork_server, tmp_path, **spoken(host, der(own))) as bridge:
        await bridge.peer.send(b"\0\0\0\4\0\0\0\0\0" * 9)
        with trio.fail_after(120):
            assert "TLS: " in await bridge.ready()


@pytest.fixture
def ends(tmp_path):
    """Return ``ends(own, peer, by)``: what connects to the host's service, and its TLS."""
    host, program = make_identity(), make_identity()
    file = tmp_path / "host.pem"
    file.write_text(host.both)
    identity = load_identity(file, base64.b64encode(der(program)).decode())
    trust(identity)

    def make(own=program):
        context = context_of(own, host, tmp_path, server=False)
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(into, out)
        return TlsLink(identity, opened_by_peer=True), client, into, out

    return make


def shake(link, client, into, out):
    """Let both sides speak until nobody has more to say."""
    for _ in range(6):
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        link.feed(out.read())
        into.write(link.output(b""))


def test_the_program_itself_is_served_on_a_connection_of_its_own(ends):
    link, client, into, out = ends()
    shake(link, client, into, out)
    client.write(b"hello")
    assert link.feed(out.read()) == b"hello"
    into.write(link.output(b"world"))
    assert client.read() == b"world"


def test_a_client_with_another_certificate_is_not_served(ends):
    link, client, into, out = ends(make_identity())
    with pytest.raises(Exception, match="TLS: ") as failed:
        shake(link, client, into, out)
    assert type(failed.value).__name__ == "GoPluginError"


def test_a_client_without_a_certificate_is_not_served(tmp_path, ends):
    link, _, _, _ = ends()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(Exception, match="peer did not return a certificate"):
        shake(link, context.wrap_bio(into, out), into, out)


def test_nothing_is_said_before_the_peer_is_known(ends):
    link, _, _, _ = ends()
    assert link.output(b"secret") == b""


def test_bytes_that_are_no_tls_are_refused(ends):
    link, _, _, _ = ends()
    with pytest.raises(Exception, match="TLS: "):
        link.feed(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


def test_the_end_of_a_peer_is_told(ends):
    link, client, into, out = ends()
    shake(link, client, into, out)
    with pytest.raises(ssl.SSLWantReadError):
        client.unwrap()
    assert link.feed(out.read()) == b""
    assert link.ended


def test_the_key_is_in_no_text():
    identity = make_identity()
    assert "PRIVATE" not in repr(identity)
