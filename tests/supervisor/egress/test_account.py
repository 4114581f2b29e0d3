"""What the client tells of a request for the ledger: refused or failed, how far it came."""

import pytest
import trio

from supervisor.egress import EgressPolicy, EgressProgress, EgressRequest

pytestmark = pytest.mark.usefixtures("no_leak")


async def test_a_rule_that_forbids_a_request_is_told_from_a_network_that_fails_it(
    serve, caller, silent_listener
):
    server = await serve()
    asked = caller(server.port)
    closed = silent_listener.getsockname()[1]
    silent_listener.close()
    refused = [
        await asked.get(url=f"http://else.test:{server.port}/"),
        await asked.get(method="TRACE"),
        await asked.get(headers={"a b": "c"}),
        await asked.get(url=f"http://ok.test:{server.port + 1}/"),
    ]
    assert [answer.refused for answer in refused] == [True] * 4
    assert not (await caller(closed).get()).refused
    assert not (await asked.get()).refused


async def test_a_request_that_is_cut_off_leaves_how_far_it_came(serve, caller):
    async def silent(server, stream):
        await server.read_request(stream)
        await server.wait_client_gone(stream)

    server = await serve(handler=silent)
    asked = caller(server.port)
    progress = EgressProgress()
    request = EgressRequest(url=f"http://ok.test:{server.port}/")
    async with asked.make() as client, trio.open_nursery() as nursery:
        nursery.start_soon(client.request, request, asked.allowed, progress)
        await server.got_request.wait()
        nursery.cancel_scope.cancel()
    await server.released.wait()
    assert progress.address == "127.0.0.1"
    assert progress.sent_bytes == len(server.requests[0])
    assert progress.received_bytes == 0


async def test_another_policy_is_followed_from_the_next_request_on(serve, caller):
    server = await serve()
    asked = caller(server.port)
    request = EgressRequest(url=f"http://ok.test:{server.port}/")
    async with asked.make() as client:
        assert (await client.request(request, asked.allowed)).status == 200
        client.set_policy(EgressPolicy(ports=frozenset({server.port})))
        answer = await client.request(request, asked.allowed)
    assert answer.refused
    assert "127.0.0.1" in answer.detail
    assert server.connections == 1
