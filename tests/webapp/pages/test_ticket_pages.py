"""Tickets in the browser, by forms alone."""

import re
from html import unescape
from typing import Any

import pytest
import trio

from helpdesk.actors import SYSTEM, Actor
from helpdesk.tickets.model import TicketFilter

PLUGIN = Actor.plugin("org.example.probe", "Probe Plugin", cause_depth=0)


async def test_a_user_creates_a_ticket_for_themselves(site: Any) -> None:
    browser = await site.as_("user")
    page = await browser.submit(
        "/tickets/new",
        "/tickets/new",
        subject="Screen is dark",
        description="Since **this morning**.",
        priority="High",
    )
    assert page.status == 200
    assert "Ticket created." in page.words()
    assert "<strong>this morning</strong>" in page.text
    (ticket,) = (await site.desk.tickets.list(site.people.user.actor)).rows
    assert (ticket.subject, ticket.priority) == ("Screen is dark", "High")
    assert ticket.submitter.id == site.people.user.id


async def test_staff_create_a_ticket_for_somebody_else(site: Any) -> None:
    browser = await site.as_("staff")
    await browser.submit(
        "/tickets/new", "/tickets/new", subject="s", description="", submitter="User@example.com"
    )
    (ticket,) = (await site.desk.tickets.list(site.people.user.actor)).rows
    assert ticket.submitter.id == site.people.user.id


async def test_a_user_cannot_create_a_ticket_in_somebody_elses_name(site: Any) -> None:
    browser = await site.as_("user")
    form = await browser.get("/tickets/new")
    assert "Requester" not in form.words()
    await browser.submit(
        "/tickets/new", "/tickets/new", subject="s", description="", submitter="other@example.com"
    )
    assert (await site.desk.tickets.list(site.people.other.actor)).total == 0


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"subject": " ", "description": "kept text"}, "subject"),
        ({"subject": "s", "description": "kept text", "priority": "Urgent"}, "priority"),
        ({"subject": "s", "description": "kept text", "category": "nothing"}, "category"),
        ({"subject": "s", "description": "kept text", "category": "a/b/c/d"}, "category"),
        ({"subject": "s", "description": "kept text", "submitter": "no@example.com"}, "submitter"),
    ],
)
async def test_a_refused_form_keeps_what_was_typed_and_names_the_field(
    site: Any, fields: dict[str, str], named: str
) -> None:
    browser = await site.as_("staff")
    page = await browser.submit("/tickets/new", "/tickets/new", **fields)
    assert 400 <= page.status < 500
    assert "kept text" in page.text
    assert f'id="{named}-problem"' in page.text or named in page.words()
    assert (await site.desk.tickets.list(SYSTEM)).total == 0


async def _catalogue(site: Any) -> tuple[str, str, str, str, str]:
    """Hardware / Laptop / Battery and Software / Email, as the values of their options."""
    admin, catalogue = site.people.admin.actor, site.desk.catalogue
    hardware = (await catalogue.add_category(admin, "Hardware")).id
    laptop = (await catalogue.add_type(admin, hardware, "Laptop")).id
    battery = (await catalogue.add_item(admin, laptop, "Battery")).id
    software = (await catalogue.add_category(admin, "Software")).id
    email = (await catalogue.add_type(admin, software, "Email")).id
    return (
        hardware,
        f"{hardware}/{laptop}",
        f"{hardware}/{laptop}/{battery}",
        software,
        f"{software}/{email}",
    )


async def test_category_type_and_item_are_three_selects_that_say_where_they_belong(
    site: Any,
) -> None:
    hardware, laptop, battery, _, _ = await _catalogue(site)
    browser = await site.as_("user")
    form = await browser.get("/tickets/new")
    assert '<optgroup label="Hardware / Laptop">' in form.text
    assert f'<option value="{battery}" data-in="{laptop}">Battery</option>' in form.text
    page = await browser.submit(
        "/tickets/new",
        "/tickets/new",
        subject="s",
        description="d",
        category=hardware,
        type=laptop,
        item=battery,
    )
    assert "Hardware / Laptop / Battery" in page.words()


async def test_a_chosen_item_brings_its_type_and_category_along(site: Any) -> None:
    _, _, battery, _, _ = await _catalogue(site)
    browser = await site.as_("user")
    page = await browser.submit(
        "/tickets/new", "/tickets/new", subject="s", description="d", item=battery
    )
    assert "Hardware / Laptop / Battery" in page.words()


async def test_a_type_of_another_category_is_refused_beside_its_field(site: Any) -> None:
    hardware, _, _, _, email = await _catalogue(site)
    browser = await site.as_("user")
    page = await browser.submit(
        "/tickets/new",
        "/tickets/new",
        subject="kept",
        description="d",
        category=hardware,
        type=email,
    )
    assert page.status == 422
    assert 'id="type-problem"' in page.text
    assert 'value="kept"' in page.text


async def test_a_new_category_drops_the_type_of_the_old_one(site: Any) -> None:
    hardware, laptop, battery, software, _ = await _catalogue(site)
    ticket = await site.ticket(category=hardware, type=laptop.split("/")[1])
    browser, at = await site.as_("staff"), f"/tickets/{ticket.id}"
    was = {"was_category": hardware, "was_type": laptop, "was_item": ""}
    await browser.submit(at, f"{at}/update", **was, category=hardware, type=laptop, item=battery)
    now = await site.desk.tickets.get(SYSTEM, ticket.id)
    assert now.item is not None
    assert now.item.name == "Battery"
    was["was_item"] = battery
    await browser.submit(at, f"{at}/update", **was, category=software, type=laptop, item=battery)
    now = await site.desk.tickets.get(SYSTEM, ticket.id)
    assert now.category is not None
    assert (now.category.name, now.type, now.item) == ("Software", None, None)


async def test_reply_and_note_look_different_and_say_what_they_are(site: Any) -> None:
    ticket, staff = await site.ticket(), await site.as_("staff")
    at = f"/tickets/{ticket.id}"
    await staff.submit(at, f"{at}/reply", reply="Have you tried *this*?")
    page = await staff.submit(at, f"{at}/note", note="They never do.")
    assert "Internal note added." in page.words()
    assert "<em>this</em>" in page.text
    assert "Internal note: staff only" in page.words()
    assert page.text.count('class="card note"') == 2  # the note, and the form for notes


async def test_a_note_is_never_shown_to_the_submitter(site: Any) -> None:
    ticket = await site.ticket()
    await site.desk.tickets.note(site.people.staff.actor, ticket.id, "the seeded note text")
    await site.desk.tickets.note(PLUGIN, ticket.id, "the seeded plugin note")
    user, staff = await site.as_("user"), await site.as_("staff")
    for path in (f"/tickets/{ticket.id}", f"/api/tickets/{ticket.id}/replies", "/tickets?q=seeded"):
        assert "the seeded" not in (await user.get(path)).text
    assert "the seeded note text" in (await staff.get(f"/tickets/{ticket.id}")).text
    assert "Internal note" not in (await user.get(f"/tickets/{ticket.id}")).words()


async def test_plugin_replies_and_fields_say_which_plugin_they_are_from(site: Any) -> None:
    ticket, browser = await site.ticket(), await site.as_("staff")
    await site.desk.tickets.reply(PLUGIN, ticket.id, "incident 12345: https://status.example/12345")
    await site.desk.tickets.set_custom_field(PLUGIN, ticket.id, "incident_id", "12345")
    page = await browser.get(f"/tickets/{ticket.id}")
    assert "Probe Plugin Plugin" in page.words()
    assert "incident_id 12345 set by Probe Plugin" in page.words()
    assert 'href="https://status.example/12345"' in page.text


async def test_staff_assign_prioritise_and_move_a_ticket_in_one_form(site: Any) -> None:
    ticket, browser, staff = await site.ticket(), await site.as_("staff"), site.people.staff
    at = f"/tickets/{ticket.id}"
    page = await browser.submit(
        at,
        f"{at}/update",
        was_assignee="",
        assignee=f"user/{staff.id}",
        was_priority="Medium",
        priority="Critical",
        was_status="New",
        status="New",
    )
    assert "Ticket updated." in page.words()
    now = await site.desk.tickets.get(SYSTEM, ticket.id)
    assert now.assignee is not None
    assert (now.assignee.id, now.priority, now.status) == (staff.id, "Critical", "New")


async def test_a_group_is_assigned_and_nobody_is_too(site: Any) -> None:
    group = await site.desk.groups.create(
        site.people.admin.actor, name="Desk", member_ids=[site.people.staff.id]
    )
    ticket, browser = await site.ticket(), await site.as_("staff")
    at = f"/tickets/{ticket.id}"
    await browser.submit(at, f"{at}/update", was_assignee="", assignee=f"group/{group.id}")
    assigned = await site.desk.tickets.get(SYSTEM, ticket.id)
    assert assigned.assignee is not None
    assert assigned.assignee.kind == "group"
    await browser.submit(at, f"{at}/update", was_assignee=f"group/{group.id}", assignee="")
    assert (await site.desk.tickets.get(SYSTEM, ticket.id)).assignee is None


async def test_a_form_that_was_loaded_before_a_colleagues_change_does_not_undo_it(
    site: Any,
) -> None:
    ticket, browser = await site.ticket(), await site.as_("staff")
    at = f"/tickets/{ticket.id}"
    await site.desk.tickets.edit(site.people.admin.actor, ticket.id, priority="Critical")
    await browser.submit(
        at,
        f"{at}/update",
        was_priority="Medium",
        priority="Medium",
        was_assignee="",
        assignee=f"user/{site.people.staff.id}",
    )
    now = await site.desk.tickets.get(SYSTEM, ticket.id)
    assert now.priority == "Critical"
    assert now.assignee is not None


async def test_resolve_and_reopen_leave_their_words_in_the_story(site: Any) -> None:
    ticket, staff, user = await site.ticket(), await site.as_("staff"), await site.as_("user")
    at = f"/tickets/{ticket.id}"
    page = await staff.submit(at, f"{at}/resolve", notes="Replaced the **cable**.")
    assert "from New to Resolved" in page.words()
    assert "<strong>cable</strong>" in page.text
    page = await user.submit(at, f"{at}/reopen", reason="It is dark again.")
    assert "from Resolved to New" in page.words()
    assert "It is dark again." in page.words()
    assert (await site.desk.tickets.get(SYSTEM, ticket.id)).status == "New"


async def test_a_refused_step_says_why_and_keeps_the_text(site: Any) -> None:
    ticket, staff = await site.ticket(), await site.as_("staff")
    await site.desk.tickets.close(site.people.staff.actor, ticket.id)
    at = f"/tickets/{ticket.id}"
    page = await staff.submit(at, f"{at}/resolve", notes="words that must survive")
    assert page.status == 409
    assert "Closed cannot change to Resolved" in page.words()
    (unchanged,) = (await site.desk.tickets.list(SYSTEM, TicketFilter(status=("Closed",)))).rows
    assert unchanged.id == ticket.id


async def test_an_empty_reply_is_refused_with_the_page_around_it(site: Any) -> None:
    ticket, browser = await site.ticket(subject="The page around"), await site.as_("user")
    at = f"/tickets/{ticket.id}"
    page = await browser.submit(at, f"{at}/reply", reply="  \r\n ")
    assert page.status == 422
    assert "The page around" in page.words()
    assert "Expected some text" in page.words() or "expected some text" in page.words()


async def test_a_ticket_page_offers_only_what_would_be_accepted(site: Any) -> None:
    ticket, user, staff = await site.ticket(), await site.as_("user"), await site.as_("staff")
    at = f"/tickets/{ticket.number}"
    for step in ("update", "note", "resolve"):
        assert f'action="{at}/{step}"' not in (await user.get(at)).text
        assert f'action="{at}/{step}"' in (await staff.get(at)).text
    assert f'action="{at}/reopen"' not in (await user.get(at)).text
    await site.desk.tickets.resolve(site.people.staff.actor, ticket.id)
    assert f'action="{at}/reopen"' in (await user.get(at)).text


async def test_the_list_filters_searches_and_pages_by_its_address(site: Any) -> None:
    for number in range(30):
        await site.ticket(subject=f"Printer {number}", priority="High" if number < 3 else "Low")
    await site.ticket(subject="Something else", by="other")
    browser = await site.as_("staff")
    assert "31 tickets" in (await browser.get("/tickets")).words()
    assert "3 tickets" in (await browser.get("/tickets?priority=High")).words()
    assert "30 tickets" in (await browser.get("/tickets?q=printer")).words()
    second = await browser.get("/tickets?q=printer&page=2")
    assert "Page 2 of 2" in second.words()
    assert 'href="/tickets?q=printer&amp;page=1"' in second.text
    assert (
        "No tickets match your search" in (await browser.get("/tickets?q=nothing+like+it")).words()
    )
    assert "31 tickets" in (await browser.get("/tickets?view=unassigned")).words()
    assert "0 tickets" in (await browser.get("/tickets?view=mine")).words()


@pytest.mark.parametrize("query", ["status=Nope", "priority=Nope", "category=Nope"])
async def test_a_filter_by_something_unknown_is_refused(site: Any, query: str) -> None:
    page = await (await site.as_("staff")).get(f"/tickets?{query}")
    assert page.status == 422


@pytest.mark.parametrize("query", ["page=x", "page=-1", "page=99999999999", "sort=id;drop"])
async def test_a_senseless_page_or_sort_is_as_if_left_out(site: Any, query: str) -> None:
    assert (await (await site.as_("staff")).get(f"/tickets?{query}")).status == 200


async def test_a_user_sees_only_their_own_tickets(site: Any) -> None:
    await site.ticket(subject="Printer, mine alone", by="user")
    await site.ticket(subject="Printer of somebody else", by="other")
    page = await (await site.as_("user")).get("/tickets?q=printer")
    assert "Printer, mine alone" in page.words()
    assert "of somebody else" not in page.words()


@pytest.mark.parametrize("ticket_id", ["01JZ0000000000000000000003", "x", "%00", "..%2f", "é" * 99])
async def test_a_ticket_that_is_not_there_is_not_found(site: Any, ticket_id: str) -> None:
    assert (await (await site.as_("admin")).get(f"/tickets/{ticket_id}")).status == 404


async def test_saved_views_are_counted_for_the_one_who_looks(site: Any) -> None:
    for number in range(3):
        await site.ticket(subject=f"Printer {number}")
    await site.ticket(subject="Of somebody else", by="other")
    (settled, *_) = (await site.desk.tickets.list(SYSTEM)).rows
    await site.desk.tickets.assign_user(site.people.staff.actor, settled.id, site.people.staff.id)
    staff, user = await site.as_("staff"), await site.as_("user")
    words = (await staff.get("/tickets")).words()
    for shown in ("All tickets 4", "Open 4", "Assigned to me 1", "Unassigned 3"):
        assert shown in words
    assert "My tickets 3" in (await user.get("/tickets")).words()


async def test_the_list_is_narrowed_by_type_assignee_and_group(site: Any) -> None:
    hardware, laptop, _, _, _ = await _catalogue(site)
    admin, staff = site.people.admin.actor, site.people.staff
    group = await site.desk.groups.create(admin, name="Desk", member_ids=[staff.id])
    typed = await site.ticket(subject="Typed one", category=hardware, type=laptop.split("/")[1])
    mine = await site.ticket(subject="Mine one")
    await site.desk.tickets.assign_user(admin, mine.id, staff.id)
    ours = await site.ticket(subject="Ours one")
    await site.desk.tickets.assign_group(admin, ours.id, group.id)
    browser = await site.as_("staff")
    for query, subject in (
        (f"type={laptop.split('/')[1]}", typed.subject),
        ("assignee=me", mine.subject),
        (f"assignee={staff.id}", mine.subject),
        (f"group={group.id}", ours.subject),
    ):
        page = await browser.get(f"/tickets?{query}")
        assert " 1 ticket , clear" in page.words(), query
        assert subject in page.words()


async def test_people_and_groups_are_no_filters_of_users(site: Any) -> None:
    browser = await site.as_("user")
    page = await browser.get("/tickets")
    assert 'name="assignee"' not in page.text
    assert site.people.staff.name not in page.words()
    assert (await browser.get(f"/tickets?assignee={site.people.staff.id}")).status == 422


async def test_a_long_story_is_shown_in_parts(site: Any) -> None:
    ticket, staff = await site.ticket(), site.people.staff.actor
    for number in range(105):
        await site.desk.tickets.reply(staff, ticket.id, f"reply number {number}.")
    browser = await site.as_("user")
    newest = await browser.get(f"/tickets/{ticket.id}")
    assert "reply number 104." in newest.words()
    assert "reply number 4." not in newest.words()
    found = re.search(r'href="([^"]+before=[^"]+)"', newest.text)
    assert found is not None
    earlier = await browser.get(unescape(found[1]))
    assert "reply number 4." in earlier.words()
    assert "reply number 104." not in earlier.words()
    assert "Go to the latest messages" in earlier.words()


async def test_an_assignee_who_left_is_still_shown_and_not_lost_by_saving(site: Any) -> None:
    ticket, admin = await site.ticket(), site.people.admin.actor
    await site.desk.tickets.assign_user(admin, ticket.id, site.people.staff.id)
    await site.desk.users.update(admin, site.people.staff.id, disabled=True)
    browser, at = await site.as_("admin"), f"/tickets/{ticket.id}"
    value = f"user/{site.people.staff.id}"
    assert f'<option value="{value}" selected>' in (await browser.get(at)).text
    await browser.submit(at, f"{at}/update", assignee=value, was_assignee=value, priority="Low")
    now = await site.desk.tickets.get(SYSTEM, ticket.id)
    assert now.assignee is not None
    assert (now.assignee.id, now.priority) == (site.people.staff.id, "Low")


async def test_a_table_of_thousands_of_short_rows_is_shown_as_written(site: Any) -> None:
    bomb = "|a" * 49 + "|\n" + "|-" * 49 + "|\n" + "|x\n" * 7_000
    ticket = await site.ticket(description=bomb)
    page = await (await site.as_("staff")).get(f"/tickets/{ticket.id}")
    assert "Shown without formatting: its tables have more than 4,000 cells." in page.words()
    assert page.text.count("\n|x") == 7_000
    assert len(page.text) < 100_000


async def test_nobody_waits_for_the_texts_of_somebody_else(site: Any) -> None:
    slow = "\n]\n> #" * 4_000 + "\\\n1. \n" * 4_000
    tickets = [await site.ticket(description=f"{number} {slow}") for number in range(8)]
    calm = await site.ticket(by="staff", description="*calm*")
    attacker, staff = await site.as_("user"), await site.as_("staff")
    done: list[str] = []

    async def attack(ticket_id: str) -> None:
        await attacker.get(f"/tickets/{ticket_id}")
        done.append(ticket_id)

    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            for ticket in tickets:
                nursery.start_soon(attack, ticket.id)
            page = await staff.get(f"/tickets/{calm.id}")
            assert "<em>calm</em>" in page.text
            # Those of one person take turns: a second of work each.
            assert len(done) < 4
            nursery.cancel_scope.cancel()


async def test_a_ticket_is_called_by_its_number_and_both_addresses_lead_to_it(site: Any) -> None:
    ticket = await site.ticket()
    staff, user = await site.as_("staff"), await site.as_("user")
    listed = await staff.get("/tickets")
    assert 'href="/tickets/1?at=' in listed.text
    assert "#1" in listed.words()
    for reference in ("1", ticket.id):
        page = await user.get(f"/tickets/{reference}")
        assert (page.status, "#1 · Opened by User" in page.words()) == (200, True)
    answered = await staff.submit("/tickets/1", "/tickets/1/reply", reply="By its number.")
    assert answered.response.url.path == "/tickets/1"
    assert "By its number." in answered.words()
    other = await site.as_("other")
    assert (await other.get("/tickets/1")).status == 404


async def test_a_notice_is_seen_by_whichever_address_its_ticket_is_opened(site: Any) -> None:
    ticket = await site.ticket()
    await site.desk.tickets.reply(site.people.staff.actor, ticket.id, "hello")
    browser = await site.as_("user")
    assert "1 unread" in (await browser.get("/tickets")).text
    await browser.get("/tickets/1")
    assert "1 unread" not in (await browser.get("/tickets")).text


async def test_tags_are_changed_in_the_form_and_a_colleague_s_stay(site: Any) -> None:
    await site.ticket()
    browser = await site.as_("staff")
    form = {"was_tags": ""}
    await browser.submit("/tickets/1", "/tickets/1/update", tags="vip, on site", **form)
    await browser.submit("/tickets/1", "/tickets/1/update", tags="late", **form)
    page = await browser.get("/tickets/1")
    assert 'value="late, on site, vip"' in page.text
    listed = await browser.get("/tickets?tag=vip")
    assert "on site" in listed.words()
    assert (await browser.get("/tickets?tag=never")).status == 422
    own = await (await site.as_("user")).get("/tickets/1")
    assert "vip" not in own.text
    wrong = await browser.submit("/tickets/1", "/tickets/1/update", tags='a"b', **form)
    assert wrong.status == 422
    assert "tags without commas" in wrong.words()
    assert 'value="a&#34;b"' in wrong.text


async def test_staff_follow_a_ticket_by_a_button_and_submitters_have_none(site: Any) -> None:
    await site.ticket()
    browser = await site.as_("staff")
    page = await browser.submit("/tickets/1", "/tickets/1/follow")
    assert "You follow this ticket." in page.words()
    assert "Followers Staff" in page.words()
    assert "Following 1" in (await browser.get("/tickets")).words()
    page = await browser.submit("/tickets/1", "/tickets/1/unfollow")
    assert "Nobody follows this ticket." in page.words()
    assert "ollow" not in (await (await site.as_("user")).get("/tickets/1")).words()
