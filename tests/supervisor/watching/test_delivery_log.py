"""The delivery log: filters, pages, what a plugin was given, host calls, backtraces; no secrets."""

import json

import msgspec
import pytest

from supervisor.errors import DeliveryNotFound, PluginNotFound
from supervisor.limits import Limits
from supervisor.secrets.redaction import Redactor
from supervisor.states import Outcome
from supervisor.store.deliveries import find_deliveries
from supervisor.views import DeliveryFilter
from supervisor.watching.delivery_document import DeliveryDocument
from supervisor.watching.delivery_log import PAYLOAD_SHOWN

SECRET = "s3cret-of-the-plugin"


async def test_each_filter_leaves_what_is_asked_for(desk):
    good = await desk.install("wat/noop", id="com.example.good")
    bad = await desk.install("wat/trap", id="com.example.bad")
    tickets = [await desk.ticket() for _ in range(3)]
    await desk.settled(good.id, bad.id)
    first, second, third = await desk.deliveries(bad.id, 3)
    await desk.supervisor.deliveries.redeliver(bad.id, [second.id], actor="test")
    await desk.settled(bad.id)
    *_, again = await desk.deliveries(bad.id, 4)

    async def ids(plugin=bad, **wanted):
        found = await desk.supervisor.deliveries.page(plugin.id, wanted=DeliveryFilter(**wanted))
        return [each.id for each in found]

    everything = [again.id, third.id, second.id, first.id]
    assert await ids() == everything
    assert await ids(only_errors=True) == everything
    assert await ids(outcome=Outcome.TRAP) == everything
    assert await ids(outcome=Outcome.OK) == await ids(outcome=Outcome.LOST) == []
    assert await ids(good, only_errors=True) == []
    assert len(await ids(good, outcome=Outcome.OK)) == 3
    assert await ids(ticket_id=tickets[1].id) == [again.id, second.id]
    assert await ids(event_id=second.event_id, redelivered=False) == [second.id]
    assert await ids(redelivered=True) == [again.id]
    assert await ids(event="ticket.created") == everything
    assert await ids(event="ticket.closed") == []
    assert await ids(ticket_id=tickets[0].id, redelivered=True) == []


async def test_pages_follow_each_other_without_gap_or_doubling(desk):
    plugin = await desk.install("wat/noop")
    for _ in range(7):
        await desk.ticket()
    await desk.settled(plugin.id)
    before, found = None, []
    while page := await desk.supervisor.deliveries.page(plugin.id, limit=3, before=before):
        assert len(page) <= 3
        found += [each.id for each in page]
        before = page[-1].id
    assert found == sorted(found, key=int, reverse=True)
    assert len(set(found)) == 7
    assert len(await desk.supervisor.deliveries.page(plugin.id, before="nonsense")) == 7


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (DeliveryFilter(), "deliveries_by_plugin"),
        (DeliveryFilter(only_errors=True), "deliveries_failed"),
        (DeliveryFilter(outcome=Outcome.TIMEOUT), "deliveries_failed"),
        (DeliveryFilter(redelivered=True), "deliveries_again"),
        (DeliveryFilter(ticket_id="T", only_errors=True), "deliveries_by_ticket"),
    ],
)
async def test_filters_are_answered_from_an_index(desk, wanted, index):
    def plan(db):
        asked = []
        db.set_trace_callback(asked.append)
        find_deliveries(db, "com.example.a", wanted, limit=10, before=1000)
        db.set_trace_callback(None)
        return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]

    (step,) = await desk.helpdesk.database.read(plan)
    assert f"USING INDEX {index} " in step


async def test_a_delivery_shows_what_the_plugin_was_given_without_secrets(desk):
    schema = {
        "token": {"type": "string", "label": "Token", "secret": True},
        "colour": {"type": "string", "label": "Colour", "default": "red"},
    }
    plugin = await desk.install("wat/noop", {"token": SECRET}, config_schema=schema)
    ticket = await desk.ticket(f"about {SECRET}")
    first = await desk.delivery(plugin.id)
    detail = await desk.supervisor.deliveries.detail(plugin.id, first.id)
    assert detail.delivery == first
    assert detail.can_redeliver
    assert SECRET not in detail.payload
    given = json.loads(detail.payload)
    assert given["event"] == "ticket.created"
    assert given["config"] == {"token": "(secret)", "colour": "red"}
    assert (given["ticket"]["id"], given["ticket"]["subject"]) == (ticket.id, "about [secret]")
    # The same where no process knows the secret.
    await desk.supervisor.controls.set_enabled(plugin.id, False, actor="test")
    detail = await desk.supervisor.deliveries.detail(plugin.id, first.id)
    assert SECRET not in detail.payload
    assert not detail.can_redeliver


async def test_a_long_event_is_shown_in_part_and_handed_over_whole(desk):
    plugin = await desk.install("wat/noop")
    await desk.ticket(description="x" * 65_536)
    first = await desk.delivery(plugin.id)
    detail = await desk.supervisor.deliveries.detail(plugin.id, first.id)
    assert len(detail.payload) == PAYLOAD_SHOWN + 1
    document = await desk.supervisor.deliveries.document(plugin.id, first.id)
    assert document.event["ticket"]["description"] == "x" * 65_536


async def test_what_is_not_there_is_said(desk):
    plugin = await desk.install("wat/noop")
    with pytest.raises(DeliveryNotFound, match="no delivery '5'"):
        await desk.supervisor.deliveries.detail(plugin.id, "5")
    with pytest.raises(DeliveryNotFound):
        await desk.supervisor.deliveries.document(plugin.id, "5")
    with pytest.raises(PluginNotFound):
        await desk.supervisor.deliveries.detail("com.example.none", "5")


async def test_a_trap_is_kept_with_the_names_that_the_module_carries(desk):
    plugin = await desk.install("wat/stack_overflow")
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    assert first.outcome is Outcome.TRAP
    assert "!deeper" in first.error
    detail = await desk.supervisor.deliveries.detail(plugin.id, first.id)
    assert first.error in detail.logs[-1].message


async def test_host_calls_are_kept_with_their_status_and_what_was_answered(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy(), limits=Limits(deadline_s=50.0))
    stand_in.answer = b"x" * 5000
    schema = {"steps": {"type": "string", "label": "S"}, "token": {"type": "string", "label": "T"}}
    schema["token"]["secret"] = True
    plugin = await desk.probe(
        {"do": "http", "method": "GET", "url": f"{stand_in.url}/a/{'p' * 300}"},
        {"do": "http", "url": "https://evil.example.com/"},
        {"do": "field", "key": "order", "value": "17"},
        config_schema=schema,
        config={"token": SECRET},
    )
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    document = await desk.supervisor.deliveries.document(plugin.id, first.id)
    asked, refused, field = document.host_calls
    assert (asked.name, asked.status) == ("ohd_http_request", 200)
    assert asked.request["url"] == f"{stand_in.url}/a/{'p' * 300}"
    assert (asked.answer, asked.answer_cut) == ("x" * 4096, True)
    assert (refused.status, refused.answer) == (403, None)
    assert refused.detail
    assert (field.name, field.status, field.answer) == ("ohd_set_custom_field", 0, None)
    assert field.request["value"] == "17"
    assert document.logs[0].message == f"http 200 {'x' * 5000}"
    assert document.plugin.sha256 == plugin.sha256
    assert document.limits["deadline_s"] == 50.0
    text = msgspec.json.encode(document)
    assert SECRET.encode() not in text
    assert msgspec.json.decode(text, type=DeliveryDocument) == document
    assert json.loads(text)["format"] == 1


async def test_an_answer_that_repeats_a_secret_is_kept_without_it(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.answer = f"you sent {SECRET}".encode()
    schema = {
        "steps": {"type": "string", "label": "Steps"},
        "token": {"type": "string", "label": "Token", "secret": True},
    }
    plugin = await desk.probe(
        {"do": "http", "method": "GET", "url": f"{stand_in.url}/"},
        config_schema=schema,
        config={"token": SECRET},
    )
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    assert first.host_calls[0]["answer"] == "you sent [secret]"


def test_a_secret_across_the_end_of_what_is_looked_at_leaves_no_piece():
    redact = Redactor([SECRET])
    for filler in range(3900, 4300):
        text, cut = redact.head(b"x" * filler + SECRET.encode() * 20 + b"y" * 9000, 4096)
        assert SECRET[:6] not in text
        assert len(text) <= 4096
        assert cut
    assert redact.head(b"short", 4096) == ("short", False)
    assert Redactor().head("é".encode() * 5000, 4096) == ("é" * 4096, True)


async def test_a_redelivery_has_its_own_lines(desk):
    plugin = await desk.probe({"do": "log", "text": "hello"})
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    await desk.supervisor.deliveries.redeliver(plugin.id, [first.id], actor="test")
    _, second = await desk.deliveries(plugin.id, 2)
    lines = [
        (await desk.supervisor.deliveries.detail(plugin.id, each.id)).logs
        for each in (first, second)
    ]
    assert [len(each) for each in lines] == [1, 1]
    assert lines[0][0].id < lines[1][0].id
