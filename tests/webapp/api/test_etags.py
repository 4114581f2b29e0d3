"""ETags: of two changes to what both have read, the later one is refused."""

from typing import Any

import pytest


async def test_the_later_of_two_changes_does_not_win(site: Any) -> None:
    ticket = await site.ticket(priority="Low")
    at = f"/api/tickets/{ticket.id}"
    one, other = (await site.with_key("staff")).client, (await site.with_key("admin")).client
    tag = (await one.get(at)).headers["ETag"]
    assert (await other.get(at)).headers["ETag"] == tag
    first = await one.patch(at, json={"priority": "High"}, headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["ETag"] == (await one.get(at)).headers["ETag"] != tag
    later = await other.patch(at, json={"priority": "Critical"}, headers={"If-Match": tag})
    assert later.status_code == 412
    assert "it has changed since you read it" in later.json()["error"]
    assert (await one.get(at)).json()["priority"] == "High"
    for step in ("resolve", "reopen", "close"):
        refused = await other.post(f"{at}/{step}", json={}, headers={"If-Match": tag})
        assert refused.status_code == 412, step
    assert (await one.get(at)).json()["status"] == "New"
    tag = first.headers["ETag"]
    done = await other.post(f"{at}/resolve", json={}, headers={"If-Match": f'"x", {tag}'})
    assert (done.status_code, done.headers["ETag"] != tag) == (200, True)
    assert (await one.patch(at, json={"priority": "Low"})).status_code == 200


async def test_settings_are_changed_as_they_were_read(site: Any) -> None:
    admin, at = (await site.with_key("admin")).client, "/api/admin/settings"
    tag = (await admin.get(at)).headers["ETag"]
    changed = await admin.patch(at, json={"site_name": "One"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)
    again = await admin.patch(at, json={"site_name": "Two"}, headers={"If-Match": tag})
    assert (again.status_code, (await admin.get(at)).json()["site_name"]) == (412, "One")


@pytest.mark.parametrize(
    ("sent", "status"),
    [("*", 200), ("W/{tag}", 412), ('"nothing"', 412), ("nothing", 400), ('"a" "b"', 400)],
)
async def test_what_if_match_may_say(site: Any, sent: str, status: int) -> None:
    ticket, client = await site.ticket(), (await site.with_key("staff")).client
    at = f"/api/tickets/{ticket.id}"
    sent = sent.format(tag=(await client.get(at)).headers["ETag"])
    answer = await client.patch(at, json={"subject": "x"}, headers={"If-Match": sent})
    assert answer.status_code == status, answer.text


async def test_an_address_without_an_etag_does_not_ignore_if_match(site: Any) -> None:
    ticket, client = await site.ticket(), (await site.with_key("staff")).client
    answer = await client.post(
        f"/api/tickets/{ticket.id}/replies", json={"body": "b"}, headers={"If-Match": '"x"'}
    )
    assert answer.status_code == 412
    assert "has no ETag" in answer.json()["error"]


async def test_what_the_caller_has_already_is_not_sent_again(site: Any) -> None:
    ticket, client = await site.ticket(), (await site.with_key("user")).client
    at = f"/api/tickets/{ticket.id}"
    tag = (await client.get(at)).headers["ETag"]
    same = await client.get(at, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    # The submitter does not learn from the tag that a note was written.
    await site.desk.tickets.note(site.people.staff.actor, ticket.id, "hidden")
    assert (await client.get(at)).headers["ETag"] == tag
