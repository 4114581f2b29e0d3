"""What plugins do to a ticket as people see it, and what a bad one does not do to them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.guests.build import build_guest

Open = Callable[..., Any]


def write_ticket(page: Any, subject: str, description: str) -> None:
    page.goto("/tickets/new")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Description").fill(description)
    page.get_by_role("button", name="Create ticket").click()
    page.wait_for_url(re.compile(r"/tickets/\d"))


def test_the_digest_of_a_new_ticket_appears_on_its_open_page(open_page: Open) -> None:
    page = open_page("staff")
    write_ticket(page, "The server is down", "Urgent: see https://status.example.com please.")
    note = page.get_by_role("article").filter(has_text="Digest:")
    expect(note).to_contain_text("Internal note")
    expect(note).to_contain_text("Ticket digest")
    fields = page.get_by_role("region", name="Custom fields")
    expect(fields).to_contain_text("digest_urgency")
    expect(fields).to_contain_text("set by Ticket digest")


def test_who_wrote_the_ticket_sees_nothing_that_a_plugin_noted(open_page: Open) -> None:
    page = open_page("user")
    write_ticket(page, "A quiet question", "Where is the manual?")
    path = re.search(r"/tickets/\d+", page.url)[0]
    staff = open_page("staff", path)
    expect(staff.get_by_role("region", name="Custom fields")).to_contain_text("digest_words")
    page.reload()
    expect(page.get_by_role("heading", name="A quiet question")).to_be_visible()
    for word in ("Digest:", "digest_words", "Ticket digest"):
        assert word not in page.content()


def test_pages_stay_usable_while_a_plugin_loops(open_page: Open, desk: Desk) -> None:
    plugin = desk.install(Path(build_guest("wat/loop")).read_bytes())
    # Longer than the clicks below take, also on a busy machine.
    desk.call("PATCH", f"/api/admin/plugins/{plugin}", {"limits": {"deadline_s": 60}})
    try:
        page = open_page("staff")
        write_ticket(page, "It loops now", "And it is urgent.")
        said = page.get_by_role("article")
        expect(said.filter(has_text="Digest:")).to_be_visible()
        page.get_by_label("Reply").fill("We are on it.")
        page.get_by_role("button", name="Reply", exact=True).click()
        expect(said.filter(has_text="We are on it.")).to_be_visible()
        page.get_by_label("Internal note").fill("Looks like a loop.")
        page.get_by_role("button", name="Add internal note").click()
        expect(said.filter(has_text="Looks like a loop.")).to_be_visible()
        # The plugin is still in that very event: none of this has waited for it.
        assert desk.call("GET", f"/api/admin/plugins/{plugin}/deliveries")["data"] == []
        page.get_by_role("button", name="Resolve", exact=True).click()
        expect(page.get_by_text("Ticket resolved.")).to_be_visible()
    finally:
        # Uninstalling would wait for the event.
        desk.kill(plugin)
        desk.uninstall(plugin)
