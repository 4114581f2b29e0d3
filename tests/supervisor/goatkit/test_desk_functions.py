"""Host functions for tickets, mail, files and secrets: granted, bounded, for whom they are for.

The guest passes what it is given on to the host function of the same name.
"""

import json
from base64 import b64encode
from typing import Any

import pytest

from helpdesk.actors import SYSTEM, Role
from supervisor.calls.behalf import EVERYTHING, NOBODY, Behalf
from supervisor.calls.desk_functions import MAILS_A_MINUTE, plain_text
from supervisor.calls.host_functions import SERVED
from supervisor.calls.kept_functions import MOST_FILES
from supervisor.delivery.function_calls import CallRequest, Occasion
from supervisor.delivery.recorder import MOST_LISTED
from supervisor.delivery.work import function_work
from supervisor.query import Audience
from supervisor.registration import choices
from supervisor.states import DeliveryKind
from supervisor.views import EgressFilter

DESK = "goatkit.desk"


@pytest.fixture
async def ready(desk: Any) -> Any:
    """The desk with the plugin, and everything granted that can be."""
    await desk.install("wat/goatkit_desk", enabled=False)
    for ask in choices():
        await desk.supervisor.controls.grant(DESK, ask.permission.text, actor="test")
    await desk.supervisor.controls.set_enabled(DESK, True, actor="test")
    return desk


async def called(desk: Any, function: str, arguments: Any, behalf: Behalf = EVERYTHING) -> Any:
    encoded = json.dumps(arguments).encode()
    answer = await desk.supervisor.functions.call(DESK, function, encoded, behalf)
    assert answer.error is None
    return json.loads(answer.value) if answer.value else None


async def refusal(desk: Any, function: str, arguments: Any, behalf: Behalf = EVERYTHING) -> str:
    assert await called(desk, function, arguments, behalf) is None
    newest, *_ = await desk.supervisor.deliveries.page(DESK, limit=1)
    (made,) = newest.host_calls
    assert (made["name"], made["status"]) == (function, 0)
    return str(made["detail"])


def for_user(desk: Any, user: Any, **more: Any) -> Behalf:
    return Behalf(Audience.person_of(user.id), **more)


async def number_of(desk: Any, status: str) -> int:
    states = await called(desk, "list_ticket_states", {})
    return next(state["id"] for state in states["states"] if state["name"] == status)


async def test_an_article_is_a_note_unless_the_requester_is_to_see_it(ready):
    ticket = await ready.ticket()
    wanted = {"ticket_id": ticket.number, "created_by": 1, "subject": "A *b*", "body": "Hello."}
    first = await called(ready, "create_article", wanted)
    second = await called(
        ready, "create_article", {**wanted, "subject": "", "visible_to_customer": True}
    )
    assert second["id"] == first["id"] + 1
    page = await ready.helpdesk.tickets.replies(ready.admin.actor, ticket.id)
    assert [(reply.body, reply.is_internal) for reply in page.rows] == [
        ("**A \\*b\\***\n\nHello.", True),
        ("Hello.", False),
    ]
    assert {reply.author.id for reply in page.rows} == {f"plugin:{DESK}"}


async def test_what_a_person_may_not_do_the_plugin_may_not_do_for_them(ready):
    other = await ready.helpdesk.users.create(
        SYSTEM, email="other@example.com", name="other", role=Role.USER
    )
    ticket = await ready.ticket()
    reply = {"ticket_id": ticket.number, "body": "Hello.", "visible_to_customer": True}
    note = {**reply, "visible_to_customer": False}
    state = {"ticket_id": ticket.number, "state_id": await number_of(ready, "Resolved")}
    score = {"entity_type": "ticket", "object_id": ticket.number, "values": {"score": 1}}
    own, stranger = for_user(ready, ready.user), for_user(ready, other)
    assert "id" in await called(ready, "create_article", reply, own)
    for function, arguments, behalf in (
        ("create_article", reply, stranger),
        ("create_article", note, own),
        ("change_ticket_status", state, own),
        ("change_ticket_status", state, stranger),
        ("custom_fields_set", score, own),
        ("custom_fields_get", score, stranger),
        ("create_article", reply, NOBODY),
        ("custom_fields_get", score, NOBODY),
    ):
        assert await refusal(ready, function, arguments, behalf)
    assert (await ready.replies(ticket)) == ["Hello."]
    unchanged = await ready.helpdesk.tickets.get(ready.admin.actor, ticket.id)
    assert (unchanged.status, unchanged.custom_fields) == ("New", ())
    # An account that is disabled since may do nothing at all.
    await ready.helpdesk.users.update(SYSTEM, ready.user.id, disabled=True)
    assert "disabled" in await refusal(ready, "create_article", reply, own)


async def test_who_only_looks_at_a_page_changes_nothing_by_it(ready):
    ticket = await ready.ticket()
    look = for_user(ready, ready.admin, is_look=True)
    for function, arguments in (
        ("create_article", {"ticket_id": ticket.number, "body": "Hello."}),
        ("change_ticket_status", {"ticket_id": ticket.number, "state_id": 1}),
        (
            "custom_fields_set",
            {"entity_type": "ticket", "object_id": ticket.number, "values": {"a": 1}},
        ),
    ):
        assert "only looks" in await refusal(ready, function, arguments, look)


async def test_files_are_attached_to_what_the_plugin_wrote(ready):
    ticket = await ready.ticket()
    note = await called(ready, "create_article", {"ticket_id": ticket.number, "body": "See it."})
    content = {
        "article_id": note["id"],
        "filename": "../../etc/report.txt",
        "content": b64encode(b"numbers").decode(),
    }
    made = await called(ready, "create_article_attachment", content)
    found = await called(ready, "list_article_attachments", {"article_id": note["id"]})
    (one,) = found["attachments"]
    assert (one["id"], one["article_id"], one["size"]) == (made["id"], note["id"], 7)
    assert "/" not in one["filename"]
    (file,) = await ready.helpdesk.files.all(ready.admin.actor, ticket.id)
    assert (file.size, file.is_internal) == (7, True)
    assert await ready.helpdesk.files.all(ready.user.actor, ticket.id) == ()
    mine = for_user(ready, ready.user)
    assert await refusal(ready, "list_article_attachments", {"article_id": note["id"]}, mine)
    assert await refusal(ready, "list_article_attachments", {"article_id": 4_000})
    gone = {"article_id": note["id"], "attachment_id": made["id"]}
    assert "delete nothing" in await refusal(ready, "delete_article_attachment", gone)


async def test_a_status_follows_the_rules_of_the_help_desk(ready):
    ticket = await ready.ticket()
    closed, new = await number_of(ready, "Closed"), await number_of(ready, "New")
    wanted = {"ticket_id": ticket.number, "state_id": closed, "user_id": 1, "until_time": 0}
    staff = for_user(ready, ready.admin)
    assert await called(ready, "change_ticket_status", wanted, staff) == {"status": "ok"}
    assert (await ready.helpdesk.tickets.get(ready.admin.actor, ticket.id)).status == "Closed"
    assert await called(ready, "change_ticket_status", {**wanted, "state_id": new}) is not None
    for wrong in ({"state_id": 10_000}, {"ticket_id": 10_000}, {"state_id": True}, {"state_id": 0}):
        assert await refusal(ready, "change_ticket_status", {**wanted, **wrong})


async def test_custom_fields_are_the_plugins_own(ready):
    tickets = [await ready.ticket(f"ticket {number}") for number in range(3)]
    for score, ticket in enumerate(tickets):
        values = {"score": score, "label": f"L{score}", "flags": ["a"] * score}
        sent = {"entity_type": "ticket", "object_id": ticket.number, "values": values}
        assert await called(ready, "custom_fields_set", sent) == {"status": "ok"}
    at = {"entity_type": "ticket", "object_id": tickets[2].number}
    found = await called(ready, "custom_fields_get", {**at, "fields": None})
    assert found == {"score": 2, "label": "L2", "flags": ["a", "a"]}
    assert await called(ready, "custom_fields_get", {**at, "fields": ["label"]}) == {"label": "L2"}
    change = {"score": {"op": "increment", "value": 5}, "flags": {"op": "remove", "value": "a"}}
    await called(ready, "custom_fields_set", {**at, "values": change})
    assert (await called(ready, "custom_fields_get", at))["score"] == 7
    over = {"label": "new", "score": {"op": "increment", "value": 5, "ceiling": 10}}
    assert "bound" in await refusal(ready, "custom_fields_set", {**at, "values": over})
    assert (await called(ready, "custom_fields_get", at))["label"] == "L2"
    search = {
        "entity_type": "ticket",
        "filters": [{"field": "score", "operator": "gte", "value": 1}],
    }
    assert await called(ready, "custom_fields_query", search) == [
        tickets[2].number,
        tickets[1].number,
    ]
    (shown, *_) = (await ready.helpdesk.tickets.get(ready.admin.actor, tickets[0].id)).custom_fields
    assert shown.key.startswith("desk_")
    assert "nothing else" in await refusal(ready, "custom_fields_get", {"entity_type": "user"})


async def test_secrets_are_sealed_and_never_logged(ready):
    secret = "hunter2-hunter2"
    assert await called(ready, "secure_config_set", {"key": "api", "value": secret}) is not None
    found = await called(ready, "secure_config_get", {"key": "api"})
    assert found == {"value": secret}
    await called(ready, "log", {"level": "info", "message": f"using {secret}"})
    assert secret not in json.dumps(await ready.log(DESK))
    page = await ready.supervisor.deliveries.page(DESK)
    assert secret not in str([view.host_calls for view in page])
    for view in page:
        detail = await ready.supervisor.deliveries.detail(DESK, view.id)
        assert secret not in str(detail.payload)
    raw = (ready.path / "ohd.sqlite3").read_bytes() + (ready.path / "ohd.sqlite3-wal").read_bytes()
    assert secret.encode() not in raw
    await ready.supervisor.key.rotate(actor="test")
    assert await called(ready, "secure_config_get", {"key": "api"}) == {"value": secret}
    assert "no secret" in await refusal(ready, "secure_config_get", {"key": "other"})


async def test_files_come_back_with_what_was_said_of_them(ready):
    data = b64encode(b"\x00report\xff").decode()
    metadata = {"content_type": "text/csv", "by": "me"}
    for key in ("reports/a.csv", "reports/b.csv", "other.txt"):
        sent = {"key": key, "data": data, "metadata": metadata}
        assert await called(ready, "store_file", sent) == {"status": "ok"}
    assert await called(ready, "get_file", {"key": "reports/a.csv"}) == {
        "data": data,
        "metadata": metadata,
    }
    listed = await called(ready, "list_files", {"prefix": "reports/"})
    assert [(one["key"], one["size"], one["content_type"]) for one in listed] == [
        ("reports/a.csv", 8, "text/csv"),
        ("reports/b.csv", 8, "text/csv"),
    ]
    assert await called(ready, "delete_file", {"key": "reports/a.csv"}) == {"status": "ok"}
    assert "no file" in await refusal(ready, "get_file", {"key": "reports/a.csv"})
    for key in ("../x", "/etc/passwd", "a//b", "a\\b", "", "a\x00b", "x" * 513, "a/./b"):
        assert "key" in await refusal(ready, "store_file", {"key": key, "data": data})


async def test_a_plugin_keeps_no_more_files_than_it_may(ready):
    store = ready.supervisor._parts.store.data
    for number in range(MOST_FILES):
        await store.store(DESK, f"f{number}", b"x", {}, most_bytes=10**9, most_files=MOST_FILES)
    assert "2,000 files" in await refusal(ready, "store_file", {"key": "more", "data": "eA=="})
    assert await called(ready, "store_file", {"key": "f0", "data": "eHg="}) == {"status": "ok"}


async def test_several_changes_are_one_and_say_where_somebody_was_faster(ready):
    await called(ready, "db_exec", {"query": "CREATE TABLE v (id INT PRIMARY KEY, n INT)"})
    add = {"query": "INSERT INTO v (id, n) VALUES (?, ?)", "args": [1, 1]}
    raised = {"query": "UPDATE v SET n = 2 WHERE id = 1 AND n = 1", "expect": 1}
    done = await called(ready, "db_exec", {"statements": [add, raised]})
    assert done == {"status": "ok", "affected": 2}
    add = {**add, "args": [2, 1]}
    moved = await called(ready, "db_exec", {"statements": [add, raised]})
    assert moved["status"] == "moved"
    assert "statement 2 changed 0 rows and expects 1" in moved["reason"]
    rows = await called(ready, "db_query", {"query": "SELECT id, n FROM v"})
    assert rows == [{"id": 1, "n": 2}]
    for statements in ([], [add] * 51, ["x"], [{"args": []}], [{**add, "expect": True}]):
        said = await refusal(ready, "db_exec", {"statements": statements})
        assert "expected" in said


async def test_uninstalling_takes_files_secrets_and_tables_along(ready):
    await called(ready, "db_exec", {"query": "CREATE TABLE t (n INT)"})
    assert list((ready.path / "plugin-data").glob("*/own.sqlite3"))
    await called(ready, "store_file", {"key": "a", "data": "eA=="})
    await called(ready, "secure_config_set", {"key": "a", "value": "hunter2"})
    await ready.supervisor.controls.uninstall(DESK, actor="test")

    def left(db: Any) -> list[int]:
        tables = ("plugin_files", "plugin_secrets")
        return [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables]

    assert await ready.helpdesk.database.read(left) == [0, 0]
    assert list((ready.path / "plugin-data").iterdir()) == []


async def test_mail_goes_to_whom_it_was_granted_and_is_in_the_ledger(desk):
    await desk.install("wat/goatkit_desk")
    await desk.supervisor.controls.grant(DESK, "email:@example.com", actor="test")
    letter = {"to": "ann@example.com", "subject": "Report", "body": "<b>5</b>", "html": True}
    assert "sends no mail" in await refusal(desk, "send_email", letter)
    await desk.helpdesk.mail.show_on_page()
    assert await called(desk, "send_email", letter) == {"ok": True}
    other = await refusal(desk, "send_email", {**letter, "to": "ann@elsewhere.org"})
    assert "grant email:@elsewhere.org" in other
    for wrong in ("a@example.com, b@example.com", "ann", "ann@example.com\nBcc: x@y.z", ""):
        assert "one address" in await refusal(desk, "send_email", {**letter, "to": wrong})

    def queued(db: Any) -> list[Any]:
        return [tuple(row) for row in db.execute("SELECT address, subject FROM mail_outgoing")]

    assert await desk.helpdesk.database.read(queued) == [("ann@example.com", "Report")]
    entries, _ = await desk.supervisor.egress_log.page(EgressFilter(plugin_id=DESK))
    found = {(one.method, one.host, one.outcome.value) for one in entries}
    assert found >= {("MAIL", "example.com", "answered"), ("MAIL", "elsewhere.org", "refused")}
    refused = [await called(desk, "send_email", letter) for _ in range(MAILS_A_MINUTE)]
    assert refused.count(None) >= 1


async def test_mail_to_members_reaches_nobody_else(desk):
    await desk.install("wat/goatkit_desk")
    await desk.helpdesk.mail.show_on_page()
    await desk.supervisor.controls.grant(DESK, "email:members", actor="test")
    letter = {"to": desk.user.email, "subject": "Hi", "body": "Hello."}
    assert await called(desk, "send_email", letter) == {"ok": True}
    assert "not granted" in await refusal(desk, "send_email", {**letter, "to": "x@example.com"})


async def test_a_notice_reaches_the_person_with_the_number_and_says_whose_it_is(ready):
    rows = "SELECT number FROM numbers WHERE kind = 'user' AND id = ?"
    number = await ready.helpdesk.database.read(
        lambda c: c.execute(rows, (ready.user.id,)).fetchone()[0]
    )
    wanted = {"user_id": number, "title": "Ready", "body": "It is here.", "link": "/statistics"}
    assert await called(ready, "send_notice", wanted) == {"status": "ok"}
    (notice,) = await ready.helpdesk.notifications.list(ready.user.actor)
    assert (notice.title, notice.link) == ("Ready", "/statistics")
    assert notice.body.startswith("It is here.")
    assert "desk" in notice.body
    away = await refusal(ready, "send_notice", {**wanted, "link": "//elsewhere.example"})
    assert "a path on this site" in away
    assert "nobody has the number 7" in await refusal(
        ready, "send_notice", {**wanted, "user_id": 7}
    )
    look = Behalf(Audience.person_of(ready.user.id), is_look=True)
    assert "only looks" in await refusal(ready, "send_notice", wanted, look)


async def test_without_its_grant_each_function_is_refused_with_what_would_allow_it(desk):
    await desk.install("wat/goatkit_desk")
    for function, arguments, grant in (
        ("create_article", {"ticket_id": 1, "body": "x"}, "article:write"),
        ("create_article_attachment", {"article_id": 1}, "article:write"),
        ("list_article_attachments", {"article_id": 1}, "article:read"),
        ("change_ticket_status", {"ticket_id": 1, "state_id": 1}, "ticket:write"),
        ("custom_fields_get", {"entity_type": "ticket", "object_id": 1}, "custom_field:read"),
        ("custom_fields_set", {"entity_type": "ticket", "object_id": 1}, "custom_field:write"),
        ("custom_fields_query", {"entity_type": "ticket"}, "custom_field:read"),
        ("secure_config_get", {"key": "a"}, "secure_config:read"),
        ("secure_config_set", {"key": "a", "value": "b"}, "secure_config:write"),
        ("store_file", {"key": "a"}, "file:write"),
        ("get_file", {"key": "a"}, "file:read"),
        ("delete_file", {"key": "a"}, "file:write"),
        ("list_files", {}, "file:read"),
        ("records_get", {"collection": "a", "key": "b"}, "record:read"),
        ("records_list", {"collection": "a"}, "record:read"),
        ("records_count", {"collection": "a"}, "record:read"),
        ("records_write", {"records": []}, "record:write"),
        ("change_ticket", {"ticket_id": 1}, "change_ticket"),
        ("config_get", {"key": "app.name"}, "config"),
        ("send_notice", {"user_id": 1, "title": "x"}, "notice"),
        ("send_email", {"to": "a@b.example", "subject": "", "body": ""}, "email:@b.example"),
    ):
        assert function in SERVED
        assert await refusal(desk, function, arguments) == f"not granted; grant {grant} to allow it"
    for function in ("entity_soft_delete", "entity_hard_delete", "recycle_bin_list"):
        assert "plugins delete nothing" in await refusal(desk, function, {"entity_type": "ticket"})


def test_the_text_of_a_letter_is_that_of_its_html():
    html = "<style>p{}</style><p>One &amp; two<br>three</p><script>x</script><p>four</p>"
    assert plain_text(html) == "One & two\nthree\nfour"


@pytest.mark.parametrize(
    "html", ["<" * 200_000, "<script>" * 25_000, "<a " * 60_000, "&lt;" * 50_000, "<!-- a"]
)
def test_html_that_is_none_takes_no_time(html):
    assert len(plain_text(html)) <= len(html)


async def test_pages_that_many_people_look_at_do_not_fill_the_log(ready):
    runner = ready.supervisor._parts.runners.get(DESK)
    occasion = Occasion(DeliveryKind.WIDGET, "card")
    for _ in range(MOST_LISTED + 5):
        request = CallRequest("time_now", b"", 1.0, EVERYTHING, occasion)
        work = function_work(request, runner.recorder.new_delivery())
        runner.recorder.call(work, request, "ok", None)
    job = CallRequest("time_now", b"", 1.0, EVERYTHING, Occasion(DeliveryKind.JOB, "nightly"))
    runner.recorder.call(function_work(job, runner.recorder.new_delivery()), job, "ok", None)
    listed = await ready.supervisor.deliveries.page(DESK, limit=500)
    assert [view.kind.value for view in listed].count("widget") == MOST_LISTED
    assert listed[0].event == "nightly"
    assert runner.recorder.tally.outcomes["ok"] >= MOST_LISTED + 6
