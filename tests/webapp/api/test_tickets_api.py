"""Tickets over the API: shapes, filters, changes, and bodies that do not fit."""

import re
from typing import Any

import msgspec
import pytest

from helpdesk.actors import SYSTEM, Actor

PLUGIN = Actor.plugin("org.example.probe", "Probe", cause_depth=0)


async def test_a_ticket_has_the_keys_of_the_event_payload(site: Any) -> None:
    client = (await site.with_key("user")).client
    created = await client.post(
        "/api/tickets", json={"subject": "A subject", "description": "words", "priority": "High"}
    )
    assert created.status_code == 201
    ticket = created.json()
    assert created.headers["Location"] == f"/api/tickets/{ticket['id']}"
    await site.desk.tickets.set_custom_field(PLUGIN, ticket["id"], "key", "value")
    found = (await client.get(f"/api/tickets/{ticket['id']}")).json()
    events = await site.desk.outbox.read_after(0, 10)
    payload = msgspec.json.decode(events[0].body)["ticket"]
    # Files have an address of their own, which shows internal ones to staff as well.
    assert payload.pop("attachments") == (await client.get(found["files_url"])).json()["data"] == []
    assert payload.keys() <= found.keys()
    assert {key: found[key] for key in payload if key != "custom_fields"} == {
        key: value for key, value in payload.items() if key != "custom_fields"
    }
    assert found["custom_fields"] == {"key": "value"}
    assert found["submitter"]["email"] == "user@example.com"
    assert (await client.get(found["replies_url"])).json()["data"] == []


async def test_the_list_has_filters_and_pages(site: Any) -> None:
    for number in range(5):
        await site.ticket(subject=f"Printer {number}", priority="High" if number else "Low")
    await site.ticket(subject="Else", by="other")
    client = (await site.with_key("staff")).client
    everything = (await client.get("/api/tickets")).json()
    assert everything["total"] == 6
    listed = {"data", "page", "per_page", "total", "total_pages", "more", "correction"}
    assert listed == everything.keys()
    page = (await client.get("/api/tickets?q=printer&per_page=2&page=3")).json()
    assert (page["page"], page["per_page"], page["total"], page["total_pages"]) == (3, 2, 5, 3)
    assert len(page["data"]) == 1
    high = (await client.get("/api/tickets?priority=High&priority=Critical")).json()
    assert high["total"] == 4
    assert (await client.get("/api/tickets?mine=true")).json()["total"] == 0
    by_user = f"/api/tickets?submitter={site.people.other.id}"
    assert [row["subject"] for row in (await client.get(by_user)).json()["data"]] == ["Else"]
    none = (await client.get("/api/tickets?q=zzz")).json()
    assert (none["data"], none["total_pages"]) == ([], 0)


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "per_page=1000", "mine=perhaps", "sort=id", "colour=red"]
)
async def test_a_query_that_means_nothing_is_refused_by_name(site: Any, query: str) -> None:
    response = await (await site.with_key("staff")).client.get(f"/api/tickets?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json()["error"]


async def test_a_patch_changes_what_it_names_and_leaves_the_rest(site: Any) -> None:
    ticket = await site.ticket(priority="Low")
    client = (await site.with_key("staff")).client
    staff = site.people.staff
    response = await client.patch(
        f"/api/tickets/{ticket.id}",
        json={"subject": "New words", "assignee": {"kind": "user", "id": staff.id}},
    )
    assert response.status_code == 200
    found = response.json()
    assert (found["subject"], found["priority"]) == ("New words", "Low")
    assert found["assignee"]["id"] == staff.id
    response = await client.patch(f"/api/tickets/{ticket.id}", json={"assignee": None})
    assert response.json()["assignee"] is None


async def test_a_patch_that_fails_changes_nothing(site: Any) -> None:
    ticket = await site.ticket(priority="Low")
    client = (await site.with_key("staff")).client
    response = await client.patch(
        f"/api/tickets/{ticket.id}", json={"priority": "High", "status": "No such status"}
    )
    assert response.status_code == 422
    assert (await site.desk.tickets.get(SYSTEM, ticket.id)).priority == "Low"


async def test_category_type_and_item_go_together(site: Any) -> None:
    admin = site.people.admin.actor
    hardware = await site.desk.catalogue.add_category(admin, "Hardware")
    await site.desk.catalogue.add_type(admin, hardware.id, "Laptop")
    client = (await site.with_key("staff")).client
    created = await client.post(
        "/api/tickets", json={"subject": "s", "category": "Hardware", "type": "Laptop"}
    )
    assert (created.json()["category"], created.json()["type"]) == ("Hardware", "Laptop")
    address = created.headers["Location"]
    changed = await client.patch(address, json={"category": "Hardware"})
    assert changed.json()["type"] is None
    emptied = await client.patch(address, json={"category": None})
    assert emptied.json()["category"] is None


async def test_staff_create_for_another_by_email_and_users_may_not(site: Any) -> None:
    body = {"subject": "s", "submitter": "other@example.com"}
    by_staff = await (await site.with_key("staff")).client.post("/api/tickets", json=body)
    assert by_staff.json()["submitter"]["email"] == "other@example.com"
    by_user = await (await site.with_key("user")).client.post("/api/tickets", json=body)
    assert by_user.status_code == 403


async def test_replies_and_notes(site: Any) -> None:
    ticket = await site.ticket()
    staff, user = (await site.with_key("staff")).client, (await site.with_key("user")).client
    address = f"/api/tickets/{ticket.id}/replies"
    reply = await staff.post(address, json={"body": "**words**"})
    note = await staff.post(address, json={"body": "for us", "is_internal": True})
    assert (reply.status_code, note.status_code) == (201, 201)
    assert reply.json()["body"] == "**words**"
    assert note.json()["is_internal"] is True
    assert note.json()["author"]["role"] == "staff"
    assert [row["body"] for row in (await staff.get(address)).json()["data"]] == [
        "**words**",
        "for us",
    ]
    assert [row["body"] for row in (await user.get(address)).json()["data"]] == ["**words**"]
    second = (await staff.get(f"{address}?page=2&per_page=1")).json()
    assert (second["total"], second["total_pages"]) == (2, 2)
    assert [row["body"] for row in second["data"]] == ["for us"]


async def test_the_life_of_a_ticket(site: Any) -> None:
    ticket = await site.ticket()
    client = (await site.with_key("staff")).client
    address = f"/api/tickets/{ticket.id}"
    resolved = (await client.post(f"{address}/resolve", json={"notes": "a new cable"})).json()
    assert (resolved["status"], resolved["resolution_notes"]) == ("Resolved", "a new cable")
    assert resolved["resolved_at"].endswith("Z")
    again = await client.post(f"{address}/resolve", json={})
    assert again.status_code == 409
    reopened = (await client.post(f"{address}/reopen", json={"reason": "no"})).json()
    assert reopened["status"] == "New"
    solved = await client.post(f"{address}/resolve", json={"resolution_notes": "a new screen"})
    assert solved.json()["resolution_notes"] == "a new screen"
    closed = (await client.post(f"{address}/close", json={})).json()
    assert closed["status"] == "Closed"
    late = await client.post(f"{address}/replies", json={"body": "late"})
    assert late.status_code == 409 or late.status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b'{"subject": 1}', 422, "$.subject"),
        (b'{"description": "d"}', 422, "`subject`"),
        (b'{"subject": "s", "colour": "red"}', 422, "`colour`"),
        (b'{"subject": "s", "priority": "Urgent"}', 422, "priority"),
        (b'{"subject": "s", "assignee": {"kind": "team", "id": "x"}}', 422, "$.assignee.kind"),
        (b'{"subject": "   "}', 422, "subject"),
        (b"[]", 422, "array"),
        (b'"s"', 422, "str"),
        (b"{", 400, "JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b'{"subject": "\\ud800"}', 400, "JSON"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_name(
    site: Any, body: bytes, status: int, named: str
) -> None:
    response = await (await site.with_key("user")).client.post(
        "/api/tickets", content=body, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, named in response.json()["error"]) == (status, True), (
        response.text
    )


async def test_a_deeply_nested_body_is_refused(site: Any) -> None:
    client = (await site.with_key("user")).client
    response = await client.post(
        "/api/tickets",
        content=b'{"subject": ' + b"[" * 200_000,
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code in {400, 422}


async def test_a_form_is_not_json(site: Any) -> None:
    client = (await site.with_key("user")).client
    response = await client.post("/api/tickets", data={"subject": "s"})
    assert response.status_code == 415
    assert "application/json" in response.json()["error"]


async def test_what_is_not_there_is_not_found_in_json(site: Any) -> None:
    client = (await site.with_key("user")).client
    for path in ("/api/tickets/01JZ0000000000000000000003", "/api/nothing", "/api/"):
        response = await client.get(path)
        assert response.status_code == 404
        assert set(response.json()) == {"error"}
    assert (await client.put("/api/tickets")).status_code == 405


async def test_a_ticket_has_a_number_and_is_found_by_it(site: Any) -> None:
    ticket = await site.ticket()
    browser = await site.as_("user")
    by_number = (await browser.client.get("/api/tickets/1")).json()
    assert (by_number["id"], by_number["number"]) == (ticket.id, 1)
    (row,) = (await browser.client.get("/api/tickets?q=%231")).json()["data"]
    assert row["number"] == 1
    assert (await (await site.as_("other")).client.get("/api/tickets/1")).status_code == 404


async def test_many_tickets_are_changed_by_one_request(site: Any) -> None:
    tickets = [await site.ticket() for _ in range(3)]
    browser = await site.as_("staff")
    body = {"tickets": [tickets[0].id, "2"], "priority": "Low", "category": None, "assignee": None}
    answer = await browser.call("PATCH", "/api/tickets", body)
    assert (answer.status_code, answer.json()) == (200, {"changed": 2})
    refused = await browser.call("PATCH", "/api/tickets", {"tickets": ["1", "9"], "status": "New"})
    assert (refused.status_code, "there is no ticket '9'" in refused.json()["error"]) == (409, True)
    for wrong in ({"tickets": []}, {"tickets": ["1"] * 501}, {"tickets": ["1"], "subject": "s"}):
        assert (await browser.call("PATCH", "/api/tickets", wrong)).status_code == 422
    user = await site.as_("user")
    assert (await user.call("PATCH", "/api/tickets", body)).status_code == 403


async def test_a_reply_can_resolve_the_ticket(site: Any) -> None:
    await site.ticket()
    browser = await site.as_("staff")
    body = {"body": "Solved.", "resolve": True}
    assert (await browser.call("POST", "/api/tickets/1/replies", body)).status_code == 201
    assert (await browser.client.get("/api/tickets/1")).json()["status"] == "Resolved"
    assert (await browser.call("POST", "/api/tickets/1/replies", body)).status_code == 409


async def test_tags_are_written_listed_and_filtered_by(site: Any) -> None:
    staff, user = await site.as_("staff"), await site.as_("user")
    body = {"subject": "s", "submitter": "user@example.com", "tags": ["vip"]}
    made = await staff.call("POST", "/api/tickets", body)
    assert made.json()["tags"] == ["vip"]
    changed = await staff.call("PATCH", "/api/tickets/1", {"tags": ["late", "vip"]})
    assert changed.json()["tags"] == ["late", "vip"]
    await staff.call("PATCH", "/api/tickets", {"tickets": ["1"], "remove_tags": ["late"]})
    assert (await staff.client.get("/api/tags")).json()["data"] == [{"name": "vip", "tickets": 1}]
    refused = await staff.client.get("/api/tickets?tag=vip&tag=late")
    assert (refused.status_code, "tag: expected" in refused.json()["error"]) == (422, True)
    assert (await staff.client.get("/api/tickets?tag=vip")).json()["total"] == 1
    assert (await user.client.get("/api/tickets/1")).json()["tags"] == []
    assert "only for staff" in (await user.client.get("/api/tickets?tag=vip")).json()["error"]


async def test_views_are_saved_counted_and_listed_by(site: Any) -> None:
    await site.ticket(priority="High")
    await site.ticket()
    staff = await site.as_("staff")
    body = {"name": "High", "filter": {"priority": ["High"]}, "sort": "subject"}
    made = (await staff.call("POST", "/api/views", body)).json()
    assert (made["tickets"], made["scope"], made["filter"]["priority"]) == (1, "own", ["High"])
    listed = await staff.client.get(f"/api/tickets?view={made['id']}")
    assert [row["number"] for row in listed.json()["data"]] == [1]
    none = await staff.client.get(f"/api/tickets?view={made['id']}&status=Closed")
    assert none.json()["total"] == 0
    assert (await staff.client.get("/api/tickets?view=none")).status_code == 422
    changed = await staff.call("PATCH", f"/api/views/{made['id']}", {"filter": {}})
    assert changed.json()["tickets"] == 2
    assert (await staff.call("DELETE", f"/api/views/{made['id']}")).status_code == 204
    assert (await staff.client.get("/api/views")).json()["data"] == []


async def _both(site: Any, role: str, query: str) -> tuple[int, list[str], str]:
    """Ask the page and the API for the same list; return status, subjects and words, if equal."""
    browser, key = await site.as_(role), await site.with_key(role)
    page = await browser.get(f"/tickets?{query}")
    answer = await key.client.get(f"/api/tickets?{query}")
    assert page.status == answer.status_code, (query, page.words()[:300], answer.text)
    if page.status != 200:
        name = query.partition("=")[0]
        assert f"{name}: expected".casefold() in page.words().casefold(), page.words()
        return page.status, [], answer.json()["error"]
    shown = re.findall(r'<a class="subject"[^>]*>([^<]+)<', page.text)
    assert sorted(shown) == sorted(row["subject"] for row in answer.json()["data"]), query
    return page.status, sorted(shown), ""


async def test_a_filter_means_the_same_on_the_page_and_in_the_api(site: Any) -> None:
    admin, staff = site.people.admin.actor, site.people.staff
    hardware = await site.desk.catalogue.add_category(admin, "Hardware")
    laptop = await site.desk.catalogue.add_type(admin, hardware.id, "Laptop")
    team = await site.desk.groups.create(admin, name="Größe", member_ids=[staff.id])
    tickets = site.desk.tickets
    one = await site.ticket(subject="one", priority="High", category=hardware.id, type=laptop.id)
    two = await site.ticket(subject="two", by="other")
    three = await site.ticket(subject="three")
    await tickets.assign_user(admin, one.id, staff.id)
    await tickets.assign_group(admin, two.id, team.id)
    await tickets.resolve(admin, three.id, "done")
    for query, subjects in (
        ("priority=high", "one"),
        ("priority=High", "one"),
        ("status=new", "one two"),
        ("status=open", "one two"),
        ("status=RESOLVED", "three"),
        ("status=", "one two three"),
        ("category=hardware", "one"),
        (f"category={hardware.id}&type=LAPTOP", "one"),
        ("assignee=me", "one"),
        ("assignee=nobody", "three"),
        (f"assignee={staff.id}", "one"),
        (f"group={team.id}", "two"),
        ("group=GR%C3%96SSE", "two"),
        (f"submitter={site.people.other.id}", "two"),
        ("mine=true", "one"),
        ("unassigned=1", "three"),
        ("open=true", "one two"),
        ("workable=true&open=false", "one three two"),
        ("q=two", "two"),
    ):
        assert (await _both(site, "staff", query))[:2] == (200, sorted(subjects.split())), query
    for query in (
        *("status=Nope", "priority=urgent", "category=Nope", "type=Nope", "item=Nope"),
        *("assignee=Nope", "group=Nope", "submitter=Nope", "tag=Nope", "view=Nope"),
    ):
        status, _, told = await _both(site, "staff", query)
        assert (status, query.partition("=")[0] in told) == (422, True)
    assert (await _both(site, "user", "status=New"))[:2] == (200, ["one"])
    assert (await _both(site, "user", f"submitter={site.people.user.id}"))[1] == ["one", "three"]
    for query in (
        *(f"assignee={staff.id}", "assignee=me", f"group={team.id}", "tag=any"),
        *(f"submitter={site.people.other.id}", "submitter=Nope"),
    ):
        assert (await _both(site, "user", query))[0] == 422


async def test_a_submitter_is_told_that_only_staff_set_the_priority(site: Any) -> None:
    ticket, key = await site.ticket(), await site.with_key("user")
    answer = await key.client.patch(f"/api/tickets/{ticket.id}", json={"priority": "High"})
    assert answer.status_code == 403
    assert "only staff" in answer.json()["error"]
    assert "yours" not in answer.json()["error"]
