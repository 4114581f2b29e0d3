"""What a guest may ask for: every status, every refusal, and what stays on record."""

import json

import pytest

from sandbox_child.wire.messages import HostCall, LogLevel
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.calls.host_calls import PERMISSIONS, Caller, HostCalls
from supervisor.delivery.write_quota import WriteQuota
from supervisor.egress import EgressAnswer
from supervisor.limits import Limits
from supervisor.manifest import parse_manifest
from supervisor.ports import ActionResult
from supervisor.process.conversation import Called, Work
from supervisor.secrets.redaction import Redactor
from supervisor.states import Outcome

MANIFEST = parse_manifest(
    b'{"id": "org.example.x", "name": "X", "version": "1.0.0", "description": "X.", "events": []}'
)
SECRET = "xoxb-very-secret-17"


class Actions:
    """Keeps what it was asked to do, and answers what a test wants."""

    def __init__(self, result=ActionResult.DONE):
        self.result = result
        self.done = []

    async def add_reply(self, actor, ticket_id, body, *, is_internal):
        self.done.append(("reply", actor, ticket_id, body, is_internal))
        return self._answer()

    async def set_custom_field(self, actor, ticket_id, key, value):
        self.done.append(("field", actor, ticket_id, key, value))
        return self._answer()

    def _answer(self):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Egress:
    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    async def request(self, request, allowed_hosts, *_progress):
        self.asked.append((request, allowed_hosts))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def answer(status, body=b"", detail=None):
    return EgressAnswer(status, body, detail, None, 0, 0, 0.0)


class Bench:
    """One guest call, and a caller with given permissions."""

    def __init__(self, *, actions=None, egress=None, grants=PERMISSIONS, http_requests=20):
        self.logs = []
        self.actions = actions or Actions()
        self.egress = egress or Egress(answer(200, b"ok"))
        self.calls = HostCalls(self.egress, self.actions)
        self.work = Work(1, b"{}", None, depth=2)
        quota = WriteQuota(Limits())
        self.caller = Caller(
            plugin_id="org.example.x",
            name="X",
            allowed_hosts=frozenset({"api.example.com"}),
            grants=grants,
            limits=Limits(http_requests=http_requests),
            redact=Redactor([SECRET]),
            secrets=BoundSecrets(MANIFEST, {}),
            log=lambda level, text, _work: self.logs.append((level, text)),
            change=lambda size, _work: quota.change(size),
            hide=lambda _secret: None,
        )

    async def __call__(self, name, request):
        raw = request if isinstance(request, bytes) else json.dumps(request).encode()
        return await self.calls.answer(self.caller, Called(1, name, raw, self.work))

    def rows(self):
        return [record.row() for record in self.work.host_calls]


REPLY = {"ticket_id": "01T", "body": "hello", "is_internal": True}
FIELD = {"ticket_id": "01T", "key": "k", "value": "v"}


async def test_a_reply_is_made_in_the_name_that_the_supervisor_knows():
    bench = Bench()
    assert await bench(HostCall.ADD_REPLY, {**REPLY, "author": "admin"}) == (0, b"")
    ((what, actor, *rest),) = bench.actions.done
    assert (what, rest) == ("reply", ["01T", "hello", True])
    assert (actor.plugin_id, actor.name, actor.depth) == ("org.example.x", "X", 2)
    assert bench.rows()[0]["request"] == REPLY
    assert bench.logs == []


async def test_a_reply_is_public_unless_it_says_otherwise():
    bench = Bench()
    await bench(HostCall.ADD_REPLY, {"ticket_id": "01T", "body": "hello"})
    assert bench.actions.done[0][-1] is False


@pytest.mark.parametrize("result", list(ActionResult))
@pytest.mark.parametrize(
    ("name", "request_"), [(HostCall.ADD_REPLY, REPLY), (HostCall.SET_CUSTOM_FIELD, FIELD)]
)
async def test_every_result_reaches_the_guest_as_its_status(name, request_, result):
    bench = Bench(actions=Actions(result))
    assert await bench(name, request_) == (result.value, b"")
    (row,) = bench.rows()
    assert row["status"] == result.value
    assert bool(row["detail"]) == bool(result)
    assert len(bench.logs) == bool(result)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"ticket_id": 1, "body": "x", "key": "x", "value": "x"}',
        b'{"ticket_id": "01T"}',
        b'{"ticket_id": "01T", "body": null, "key": null, "value": "x"}',
        b"[" * 100_000,
        b'{"ticket_id": "01T", "body": "\\ud800", "key": "\\ud800", "value": "x"}',
    ],
)
@pytest.mark.parametrize("name", [HostCall.ADD_REPLY, HostCall.SET_CUSTOM_FIELD])
async def test_a_payload_that_does_not_fit_changes_nothing(name, raw):
    bench = Bench()
    assert await bench(name, raw) == (ActionResult.MALFORMED, b"")
    assert bench.actions.done == []
    ((level, text),) = bench.logs
    assert level is LogLevel.WARN
    assert "is invalid" in text


@pytest.mark.parametrize(
    ("name", "request_", "permission", "status"),
    [
        (HostCall.ADD_REPLY, REPLY, "reply", 3),
        (HostCall.SET_CUSTOM_FIELD, FIELD, "custom_field", 3),
        (HostCall.HTTP_REQUEST, {"url": "https://api.example.com/"}, "http", 403),
    ],
)
async def test_without_its_permission_nothing_happens(name, request_, permission, status):
    bench = Bench(grants=PERMISSIONS - {permission})
    assert await bench(name, request_) == (status, b"")
    assert bench.actions.done == bench.egress.asked == []
    assert permission in bench.rows()[0]["detail"]


def test_every_host_call_of_the_contract_has_a_permission_of_its_own():
    assert len(PERMISSIONS) == len(set(HostCall) - {HostCall.NAMED})


async def test_a_host_call_of_another_contract_is_refused_and_harms_nobody():
    bench = Bench()
    assert await bench(HostCall.NAMED, {}) == (0, b"")
    assert bench.actions.done == bench.egress.asked == []


async def test_a_request_reaches_the_egress_with_the_hosts_of_the_manifest():
    bench = Bench(egress=Egress(answer(201, b"made")))
    request = {"method": "post", "url": "https://api.example.com/x", "body": "b"}
    assert await bench(HostCall.HTTP_REQUEST, request) == (201, b"made")
    ((asked, hosts),) = bench.egress.asked
    assert (asked.url, asked.body, hosts) == (
        "https://api.example.com/x",
        "b",
        frozenset({"api.example.com"}),
    )


async def test_a_request_that_is_refused_says_why_in_the_log():
    bench = Bench(egress=Egress(answer(403, detail="not declared")))
    status, _ = await bench(HostCall.HTTP_REQUEST, {"url": "https://evil.example.com/"})
    assert status == 403
    assert bench.logs == [(LogLevel.WARN, "ohd_http_request: not declared")]


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"method": "GET"}', b'{"url": 5}', b"\xff"])
async def test_a_request_that_is_none_has_no_answer(raw):
    bench = Bench()
    assert await bench(HostCall.HTTP_REQUEST, raw) == (0, b"")
    assert bench.egress.asked == []
    assert bench.rows()[0]["detail"]


async def test_more_requests_than_one_event_may_make_are_not_made():
    bench = Bench(http_requests=2)
    statuses = [
        (await bench(HostCall.HTTP_REQUEST, {"url": "https://api.example.com/"}))[0]
        for _ in range(4)
    ]
    assert statuses == [200, 200, 0, 0]
    assert len(bench.egress.asked) == 2
    assert "more than 2" in bench.logs[-1][1]


@pytest.mark.parametrize(
    ("name", "request_", "status"),
    [
        (HostCall.ADD_REPLY, REPLY, 5),
        (HostCall.SET_CUSTOM_FIELD, FIELD, 5),
        (HostCall.HTTP_REQUEST, {"url": "https://api.example.com/"}, 0),
    ],
)
async def test_a_fault_of_the_host_is_a_status_and_tells_the_guest_nothing(name, request_, status):
    broken = RuntimeError(f"boom {SECRET}")
    bench = Bench(actions=Actions(broken), egress=Egress(broken))
    assert await bench(name, request_) == (status, b"")
    assert "boom" not in json.dumps(bench.rows()) + str(bench.logs)


async def test_secrets_are_taken_out_of_the_record():
    bench = Bench(egress=Egress(answer(0, detail=f"cannot connect with {SECRET}")))
    await bench(
        HostCall.HTTP_REQUEST,
        {"url": f"https://api.example.com/?key={SECRET}", "body": f"token={SECRET}"},
    )
    await bench(HostCall.ADD_REPLY, {"ticket_id": "01T", "body": f"it is {SECRET}"})
    shown = json.dumps(bench.rows()) + str(bench.logs)
    assert SECRET not in shown
    assert "[secret]" in shown
    # What is asked for is done as it was asked.
    assert SECRET in bench.egress.asked[0][0].url


# The same through real children, a real help desk and a real server on loopback.


async def test_a_guest_sees_every_status(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.answer = b"made"
    plugin = await desk.probe(
        {"do": "reply", "body": "public"},
        {"do": "note", "body": "internal"},
        {"do": "field", "key": "order", "value": "17"},
        {"do": "reply", "body": "x", "ticket_id": "01JQXYZ8S5WZ3V0M2K4N6P8R9T"},
        {"do": "field", "key": "", "value": "x"},
        {"do": "reply", "body": ""},
        {"do": "raw", "call": "reply", "payload": "not json"},
        {"do": "http", "url": f"{stand_in.url}/a", "method": "POST", "body": "b"},
        {"do": "http", "url": "https://evil.example.com/"},
        {"do": "http", "url": f"http://localhost:{stand_in.port + 1}/"},
        {"do": "raw", "call": "http", "payload": "[]"},
    )
    ticket = await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert delivery.outcome is Outcome.OK
    said = [line for line in await desk.log(plugin.id) if not line.startswith("ohd_")]
    assert said == [
        *("reply 0", "note 0", "field 0", "reply 2", "field 1", "reply 1", "reply 1"),
        *("http 200 made", "http 403 ", "http 0 ", "http 0 "),
    ]
    assert await desk.replies(ticket) == ["public", "internal"]
    fields = (await desk.helpdesk.tickets.get(desk.admin.actor, ticket.id)).custom_fields
    assert [(field.key, field.value, field.plugin_name) for field in fields] == [
        ("order", "17", "Probe")
    ]
    assert [call["status"] for call in delivery.host_calls] == [0, 0, 0, 2, 1, 1, 1, 200, 403, 0, 0]
    (request,) = stand_in.requests
    assert (request.method, request.path, request.body) == ("POST", "/a", b"b")


async def test_host_calls_beyond_the_budget_fail_and_the_event_goes_on(open_desk):
    desk = await open_desk(limits=Limits(host_calls=5))
    plugin = await desk.probe(
        {"do": "repeat", "times": 8, "step": {"do": "note", "body": "x"}},
        {"do": "log", "text": "still here"},
    )
    ticket = await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert delivery.outcome is Outcome.OK
    assert await desk.replies(ticket) == ["x"] * 5
    log = await desk.log(plugin.id)
    assert log.count("note 4") == 3
    assert log[-1] == "still here"


async def test_a_flood_of_log_lines_is_cut_and_counted(desk):
    plugin = await desk.install("wat/log_flood")
    await desk.ticket()
    assert (await desk.delivery(plugin.id)).outcome is Outcome.OK
    log = await desk.log(plugin.id)
    assert log[:100] == ["log flood"] * 100
    assert log[100:] == ["99900 more log lines of this event were dropped"]


async def test_a_secret_is_nowhere_but_in_the_guest(open_desk, stand_in, capfd):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.answer = f"you sent {SECRET}".encode()
    plugin = await desk.probe(
        {"do": "config"},
        {"do": "echo"},
        {"do": "http", "url": stand_in.url},
        {"do": "trap"},
        config={"token": SECRET},
    )
    await desk.ticket()
    delivery = await desk.delivery(plugin.id)
    assert delivery.outcome is Outcome.TRAP
    shown = [
        delivery,
        *await desk.supervisor.logs.read(),
        *await desk.supervisor.overview.plugins(),
    ]
    assert SECRET not in repr(shown)
    assert repr(shown).count("[secret]") == 4
    await desk.close()
    files = [path for path in desk.path.rglob("*") if path.is_file()]
    assert "ohd.sqlite3" in {path.name for path in files}
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []
    captured = capfd.readouterr()
    assert SECRET not in captured.out + captured.err


async def test_a_former_secret_is_still_kept_from_the_log_of_an_event_that_carries_it(
    open_desk, stand_in
):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe(
        {"do": "http", "url": stand_in.url}, {"do": "config"}, config={"token": SECRET}
    )
    await desk.ticket()
    await stand_in.wait()
    await desk.supervisor.controls.set_config(plugin.id, {"token": "another-secret"}, actor="test")
    stand_in.release()
    await desk.deliveries(plugin.id)
    log = "".join(await desk.log(plugin.id))
    assert '"token":"[secret]"' in log
    assert SECRET not in log
