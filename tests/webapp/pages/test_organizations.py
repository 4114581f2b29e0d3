"""Organizations by pages and over the API, and what their members see of each other."""

from typing import Any

from helpdesk.actors import SYSTEM


async def test_an_admin_makes_one_and_staff_read_it(site: Any) -> None:
    admin, staff = await site.as_("admin"), await site.as_("staff")
    made = await admin.submit(
        "/admin/organizations", "/admin/organizations", name="Acme", domains="acme.example"
    )
    at = made.response.url.path
    assert "Organization created." in made.words()
    saved = await admin.submit(at, at, name="Acme Inc", domains="acme.example", notes="VIP")
    assert "Organization saved." in saved.words()
    refused = await admin.submit(at, at, name="Acme Inc", domains="*.example")
    assert (refused.status, "without wildcards" in refused.words()) == (422, True)
    added = await admin.submit(at, f"{at}/members", email="user@example.com")
    assert ("Member added." in added.words(), "user@example.com" in added.text) == (True, True)
    ticket = await site.ticket(by="user")
    page = await staff.get(f"/tickets/{ticket.number}")
    read = at.removeprefix("/admin")
    assert read in page.text
    seen = await staff.get(read)
    assert ("VIP" in seen.words(), "Save organization" in seen.words()) == (True, False)
    listed = await staff.get("/tickets?organization=acme+inc")
    assert ticket.subject in listed.text
    removed = await admin.submit(at, f"{at}/members/{site.people.user.id}/remove")
    assert "No members." in removed.words()
    assert "Acme Inc" not in (await (await site.as_("user")).get(f"/tickets/{ticket.number}")).text


async def test_the_api_does_the_same(site: Any) -> None:
    admin, staff = await site.as_("admin"), await site.as_("staff")
    body = {"name": "Acme", "domains": ["Münch.example"], "shares": True}
    made = (await admin.call("POST", "/api/organizations", body)).json()
    assert (made["domains"], made["shares"]) == (["xn--mnch-0ra.example"], True)
    at = f"/api/organizations/{made['id']}"
    await admin.call("PUT", f"{at}/members/{site.people.user.id}")
    members = (await staff.client.get(f"{at}/members")).json()["data"]
    assert [one["email"] for one in members] == ["user@example.com"]
    changed = await admin.call("PATCH", at, {"domains": [], "shares": False})
    assert (changed.json()["domains"], changed.json()["shares"]) == ([], False)
    ticket = await site.ticket(by="user")
    found = await staff.client.get("/api/tickets", params={"organization": "Acme"})
    assert [one["id"] for one in found.json()["data"]] == [ticket.id]


async def test_a_member_reads_a_colleague_s_ticket_and_no_more(site: Any) -> None:
    ticket = await site.ticket(by="other")
    await site.desk.tickets.note(site.people.admin.actor, ticket.id, "secretword")
    acme = await site.desk.organizations.create(SYSTEM, name="Acme", shares=True)
    browser = await site.as_("user")
    assert "My organization" not in (await browser.get("/tickets")).words()
    for person in (site.people.user, site.people.other):
        await site.desk.organizations.add_member(SYSTEM, acme.id, person.id)
    listed = await browser.get("/tickets")
    assert ("My organization" in listed.words(), ticket.id in listed.text) == (True, False)
    assert ticket.id in (await browser.get("/tickets?view=organization")).text
    page = await browser.get(f"/tickets/{ticket.number}")
    assert page.status == 200
    assert "secretword" not in page.text
    assert f"/tickets/{ticket.number}/reply" not in page.text
    assert f"/tickets/{ticket.number}/close" not in page.text
    key = (await site.with_key("user")).client
    assert (await key.get(f"/api/tickets/{ticket.id}")).status_code == 200
    body = {"body": "no"}
    refused = await key.post(f"/api/tickets/{ticket.id}/replies", json=body)
    assert refused.status_code == 403
    await site.desk.organizations.update(SYSTEM, acme.id, shares=False)
    assert (await browser.get(f"/tickets/{ticket.number}")).status == 404
    assert (await key.get(f"/api/tickets/{ticket.id}")).status_code == 404
    assert (await browser.get("/tickets?view=organization")).status == 422
