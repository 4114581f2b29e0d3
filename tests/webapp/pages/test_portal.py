"""What a requester sees of the help desk: their own, and nothing of staff, plugins or others."""

from typing import Any

from helpdesk.actors import SYSTEM, Actor


async def test_a_requester_sees_no_notes_fields_or_names_of_plugins(site: Any) -> None:
    ticket, tickets = await site.ticket(by="user"), site.desk.tickets
    robot = Actor.plugin("org.example.probe", "Secret Robot", cause_depth=0)
    await tickets.set_custom_field(robot, ticket.id, "robot_key", "robot_value")
    await tickets.note(robot, ticket.id, "robot_note")
    await tickets.note(site.people.staff.actor, ticket.id, "staff_note")
    await tickets.reply(site.people.staff.actor, ticket.id, "An answer")
    browser, staff = await site.as_("user"), await site.as_("staff")
    at = f"/tickets/{ticket.number}"
    hidden = ("robot_key", "robot_value", "robot_note", "staff_note", "Secret Robot", "staff@")
    seen = await staff.get(at)
    assert [word for word in hidden[:-1] if word not in seen.text] == []
    for path in (at, "/tickets", "/tickets/new", "/notifications", "/profile", "/dashboard"):
        page = await browser.get(path)
        assert page.status == 200
        assert [word for word in hidden if word in page.text] == [], path
    assert "An answer" in (await browser.get(at)).words()


async def test_a_requester_s_list_has_what_they_need_and_no_filters_of_staff(site: Any) -> None:
    await site.ticket(by="user")
    acme = await site.desk.organizations.create(SYSTEM, name="Acme", shares=True)
    await site.desk.organizations.add_member(SYSTEM, acme.id, site.people.user.id)
    browser = await site.as_("user")
    words = (await browser.get("/tickets")).words()
    for word in ("Requester", "Custom field", "Organization ", "Rating", "Assign"):
        assert word not in words.replace("Assignee", ""), word
    assert "Requester" in (await browser.get("/tickets?view=organization")).words()
    assert "Custom field" in (await (await site.as_("staff")).get("/tickets")).words()
    for query in ("organization=Acme", "rating=good", "tag=x", "assignee=me"):
        assert (await browser.get(f"/tickets?{query}")).status == 422, query
