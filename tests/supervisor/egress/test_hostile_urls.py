"""The corpus of hostile URLs against the whole client, with a listener that must see nothing."""

import json
from pathlib import Path

import pytest
import trio

from supervisor.egress import EgressClient, EgressPolicy, EgressRequest

CORPUS = json.loads(Path(__file__).with_name("hostile_urls.json").read_text("utf-8"))["urls"]
DECLARED = frozenset(
    {
        "ok.test",
        # What a manifest must not declare, in case one did.
        "127.0.0.2", "0x7f000002", "2130706434",
        "xn--99999999.test", "xn--aaaaaaaaa.test", "xn--ok-.test", "xn--.test",
        "-ok.test", "ok-.test",
    }
)  # fmt: skip


@pytest.fixture
async def open_client(silent_listener, fixed_resolver, caller):
    """A client whose only wall is the parser: every name leads to the listener, and may."""
    port = silent_listener.getsockname()[1]
    base = caller(port)
    loopback = base.make()._private["ok.test"]
    names = DECLARED | {"evil.test", "localhost", "127.0.0.1", "127.1", "0", "a.ok.test"}
    policy = EgressPolicy(ports=frozenset({port}), private=dict.fromkeys(names, loopback))
    async with EgressClient(policy, resolver=base.resolver, tls=base.tls) as client:
        yield client, port


def test_the_corpus_is_large_and_has_no_doubles():
    assert len(CORPUS) > 80
    assert len({case["url"] for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=[case["why"] for case in CORPUS])
async def test_a_hostile_url_is_refused_without_a_connection(
    case, open_client, silent_listener, saw_connection
):
    client, port = open_client
    url = case["url"].replace("{port}", str(port)).replace("{wrapped_port}", str(port + 65536))
    with trio.fail_after(120):  # a URL that got through would wait for the listener's answer
        answer = await client.request(EgressRequest(url=url), DECLARED)
    assert (answer.status, answer.body) == (case["status"], b"")
    assert answer.detail
    assert answer.address is None
    assert not saw_connection(silent_listener)


async def test_the_same_listener_sees_a_plain_url(open_client, silent_listener, saw_connection):
    client, port = open_client
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.request, EgressRequest(url=f"http://ok.test:{port}/"), DECLARED)
        connection, _ = await silent_listener.accept()
        assert await connection.recv(14) == b"GET / HTTP/1.1"
        connection.close()


async def test_the_refusal_of_an_undeclared_host_names_it_but_no_user_information(open_client):
    client, _ = open_client
    plain = await client.request(EgressRequest(url="http://evil.test/s3cret?k=s3cret"), DECLARED)
    assert "evil.test" in plain.detail
    assert "s3cret" not in plain.detail
    user = await client.request(EgressRequest(url="http://me:s3cret@ok.test/"), DECLARED)
    assert user.status == 403
    assert "s3cret" not in user.detail
