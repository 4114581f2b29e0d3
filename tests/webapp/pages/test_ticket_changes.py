"""Changes of a ticket are told on its page and in the API, and two people do not overwrite."""

import re
from typing import Any


async def test_a_change_is_told_on_the_page_and_in_the_api(site: Any) -> None:
    ticket = await site.ticket()
    staff, user = await site.as_("staff"), await site.as_("user")
    fields = {"priority": "High", "was_priority": "Medium"}
    fields |= {"assignee": f"user/{site.people.staff.id}", "was_assignee": ""}
    page = await staff.submit("/tickets/1", "/tickets/1/update", **fields)
    name = site.people.staff.name
    for shown in (page, await user.get("/tickets/1")):
        assert f"{name} changed the priority from Medium to High" in shown.words()
        assert f"{name} set the assignee to {name}" in shown.words()
    told = (await user.call("GET", f"/api/tickets/{ticket.id}/timeline")).json()["data"]
    edits = [entry["edit"] for entry in told if entry["edit"]]
    assert [(one["field"], one["before"], one["after"]) for one in edits] == [
        ("priority", "Medium", "High"),
        ("assignee", None, name),
    ]
    assert edits[0]["author"]["name"] == name


async def test_two_people_who_change_the_same_field_do_not_overwrite_each_other(site: Any) -> None:
    ticket = await site.ticket()
    staff = await site.as_("staff")
    token = (await staff.get("/tickets/1")).csrf_token
    await site.desk.tickets.edit(site.people.admin.actor, ticket.id, priority="Critical")
    fields = {"csrf_token": token, "priority": "Low", "was_priority": "Medium"}
    response = await staff.client.post("/tickets/1/update", data=fields)
    assert response.status_code == 409
    told = f"the priority to Critical ({site.people.admin.name})"
    assert told in response.text
    assert (await site.desk.tickets.get(site.people.admin.actor, ticket.id)).priority == "Critical"
    # The choice is still there, beside how it stands now: saving again is knowing.
    assert re.search(r'<option value="Low" selected>', response.text)
    assert 'name="was_priority" value="Critical"' in response.text
    again = fields | {"was_priority": "Critical"}
    assert (await staff.client.post("/tickets/1/update", data=again)).status_code == 303
    assert (await site.desk.tickets.get(site.people.admin.actor, ticket.id)).priority == "Low"


async def test_people_who_change_different_fields_do_not_disturb_each_other(site: Any) -> None:
    ticket = await site.ticket()
    staff = await site.as_("staff")
    token = (await staff.get("/tickets/1")).csrf_token
    await site.desk.tickets.edit(site.people.admin.actor, ticket.id, priority="Critical")
    fields = {"csrf_token": token, "priority": "Medium", "was_priority": "Medium"}
    fields |= {"assignee": f"user/{site.people.staff.id}", "was_assignee": ""}
    assert (await staff.client.post("/tickets/1/update", data=fields)).status_code == 303
    after = await site.desk.tickets.get(site.people.admin.actor, ticket.id)
    assert (after.priority, after.assignee.id) == ("Critical", site.people.staff.id)


async def test_two_admins_do_not_overwrite_settings_groups_and_people(site: Any) -> None:
    desk, admin = site.desk, site.people.admin.actor
    group = await desk.groups.create(admin, name="Second line")
    person = site.people.staff
    browser = await site.as_("admin")
    forms = {
        "/admin/settings": {"site_name": "Mine"},
        f"/admin/groups/{group.id}": {"name": "Mine"},
        f"/admin/people/{person.id}": {"name": "Mine", "email": person.email, "role": "staff"},
    }
    shown = {path: (await browser.get(path)).text for path in forms}
    await desk.settings.update(admin, site_name="Theirs")
    await desk.groups.update(admin, group.id, member_ids=[person.id])
    await desk.users.update(admin, person.id, name="Theirs")
    for path, fields in forms.items():
        hidden = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]*)"', shown[path]))
        response = await browser.client.post(path, data=fields | hidden)
        assert response.status_code == 409
        assert "somebody else has changed this" in response.text
        now = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]*)"', response.text))
        assert (await browser.client.post(path, data=fields | now)).status_code == 303
