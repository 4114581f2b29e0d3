import ipaddress

import pytest

from supervisor.egress.errors import ConnectionFailed
from supervisor.egress.exchange import Outgoing, exchange, head_budget
from supervisor.egress.stream import PinnedConnection


async def test_an_error_of_the_engine_becomes_one_of_ours_without_its_text(serve, authority):
    """A header that the checks before would have refused makes the engine itself fail."""
    server = await serve()
    outgoing = Outgoing(
        method="GET",
        scheme="http",
        host="ok.test",
        port=server.port,
        path_and_query="/",
        headers=[(b"Host", b"ok.test"), (b"X-A", b"s3cret\r\nX-B: s3cret")],
        body=b"",
    )
    addresses = [ipaddress.ip_address("127.0.0.1")]
    budget = head_budget("ok.test")
    with (
        PinnedConnection("ok.test", server.port, addresses, budget) as connection,
        pytest.raises(ConnectionFailed, match=r"exchange failed \(LocalProtocolError\)") as failed,
    ):
        await exchange(outgoing, connection, authority.client_context(), 100)
    assert "s3cret" not in str(failed.value)
