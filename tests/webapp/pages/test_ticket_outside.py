"""Staff outside a ticket's group see why they cannot work on it, and whom to ask."""

import re
from html import unescape
from typing import Any

import pytest

from helpdesk.actors import SYSTEM, Role


@pytest.fixture
async def outside(site: Any) -> Any:
    """A ticket in a category of a group that ``staff`` is not in; ``Mia Member`` is."""
    desk = site.desk
    hardware = await desk.catalogue.add_category(SYSTEM, "Hardware")
    mia = await desk.users.create(
        SYSTEM, email="mia@example.com", name="Mia Member", role=Role.STAFF
    )
    await desk.groups.create(
        SYSTEM, name="Second line", member_ids=[mia.id], category_ids=[hardware.id]
    )
    return await site.ticket(category="Hardware")


async def test_the_page_says_why_and_whom_to_ask(site: Any, outside: Any) -> None:
    page = await (await site.as_("staff")).get(f"/tickets/{outside.number}")
    assert "This ticket belongs to Second line, and you are not a member." in page.words()
    assert "ask one of them to assign it to you or to a group of yours: Mia Member" in page.words()
    (address,) = re.findall(r'href="(mailto:[^"]*)"', page.text)
    assert unescape(address) == "mailto:mia%40example.com?subject=%231%20A%20subject"
    for form in ("reply", "note", "update", "resolve", "close"):
        assert f"/tickets/{outside.number}/{form}" not in page.text


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_who_may_act_is_not_told_so(site: Any, outside: Any, role: str) -> None:
    page = await (await site.as_(role)).get(f"/tickets/{outside.number}")
    assert "you are not a member" not in page.words()
    assert f"/tickets/{outside.number}/reply" in page.text


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("reply", {"reply": "x"}),
        ("note", {"note": "x"}),
        ("update", {"priority": "High"}),
        ("resolve", {}),
        ("close", {}),
    ],
)
async def test_each_refusal_names_the_group(
    site: Any, outside: Any, step: str, fields: dict[str, str]
) -> None:
    staff = await site.as_("staff")
    page = await staff.submit("/tickets", f"/tickets/{outside.number}/{step}", **fields)
    assert page.status == 403
    reason = "it belongs to Second line; ask a member or an admin to assign it to you"
    assert reason in page.words()


async def test_a_group_without_members_leads_to_the_admins(site: Any, outside: Any) -> None:
    (group,) = await site.desk.groups.all(SYSTEM)
    await site.desk.groups.update(SYSTEM, group.id, member_ids=[])
    page = await (await site.as_("staff")).get(f"/tickets/{outside.number}")
    assert f"to a group of yours: {site.people.admin.name}" in page.words()


async def test_a_closed_ticket_says_why_nobody_can_reply(site: Any) -> None:
    ticket = await site.ticket()
    await site.desk.tickets.close(site.people.admin.actor, ticket.id)
    page = await (await site.as_("staff")).get("/tickets/1")
    assert "This ticket is closed. Reopen it to reply." in page.words()
