"""Pages that keep up by themselves while somebody reads and writes on them."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk, log_in

Open = Callable[..., Any]


def test_a_reply_arrives_without_losing_what_is_being_typed(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Live: a reply")
    staff, user = open_page("staff", f"/tickets/{ticket}"), open_page("user", f"/tickets/{ticket}")
    user.get_by_label("Reply").fill("half a sentence")
    user.get_by_label("Reply").focus()
    staff.get_by_label("Reply").fill("From the other browser")
    staff.get_by_role("button", name="Reply", exact=True).click()
    expect(user.get_by_text("From the other browser")).to_be_visible()
    expect(user.get_by_label("Reply")).to_have_value("half a sentence")
    expect(user.get_by_label("Reply")).to_be_focused()
    expect(user.locator("#announcer")).to_have_text("New reply from Sasha Staff.")


def test_a_note_does_not_reach_the_submitters_open_page(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Live: a note")
    desk.wait_for_digest(ticket)
    admin, user = open_page("admin", f"/tickets/{ticket}"), open_page("user", f"/tickets/{ticket}")
    asked: list[str] = []
    user.on("request", lambda request: asked.append(request.url))
    note = {"body": "not for everybody", "is_internal": True}
    desk.call("POST", f"/api/tickets/{ticket}/replies", note)
    expect(admin.get_by_text("not for everybody")).to_be_visible()
    # What comes next shows that the note was passed over, and not merely late.
    desk.call("POST", f"/api/tickets/{ticket}/replies", {"body": "for everybody"})
    expect(user.get_by_text("for everybody", exact=True)).to_be_visible()
    assert "not for everybody" not in user.content()
    # The stream of news, which may open only now, names the ticket too.
    assert len([url for url in asked if url.endswith(f"/tickets/{ticket}")]) == 1


def test_status_and_forms_follow_a_colleague(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Live: resolved")
    staff = open_page("staff", f"/tickets/{ticket}")
    expect(staff.get_by_role("button", name="Reopen")).to_have_count(0)
    desk.call("POST", f"/api/tickets/{ticket}/resolve", {"notes": "done elsewhere"})
    expect(staff.get_by_role("button", name="Reopen")).to_be_visible()
    expect(staff.get_by_role("button", name="Resolve", exact=True)).to_have_count(0)
    expect(staff.locator(".heading .badge").first).to_contain_text("Resolved")
    expect(staff.get_by_label("Status")).to_have_value("Resolved")


def test_a_form_in_use_is_left_alone_and_saves_only_what_was_changed(
    open_page: Open, desk: Desk
) -> None:
    ticket = desk.ticket("Live: two at once")
    staff = open_page("staff", f"/tickets/{ticket}")
    staff.get_by_label("Assignee").select_option("Sasha Staff")
    desk.call("PATCH", f"/api/tickets/{ticket}", {"priority": "Critical"})
    expect(staff.locator(".heading .priority-critical")).to_be_visible()
    expect(staff.get_by_label("Assignee").locator("option:checked")).to_have_text("Sasha Staff")
    staff.get_by_role("button", name="Save changes").click()
    expect(staff.get_by_text("Ticket updated.")).to_be_visible()
    expect(staff.get_by_label("Priority")).to_have_value("Critical")
    expect(staff.get_by_label("Assignee").locator("option:checked")).to_have_text("Sasha Staff")


def test_a_new_ticket_appears_in_an_open_list(open_page: Open, desk: Desk) -> None:
    staff, user = open_page("staff"), open_page("user")
    desk.ticket("Live: brand new")
    for page in (staff, user):
        expect(page.get_by_role("link", name="Live: brand new")).to_be_visible()


def test_the_bell_counts_while_the_page_is_open(open_page: Open, desk: Desk) -> None:
    staff = open_page("staff")
    bell = staff.get_by_role("link", name="Notifications")
    expect(bell).to_be_visible()
    before = bell.get_attribute("aria-label")
    me = log_in(desk.url, "staff")
    ticket = desk.ticket("Live: for the bell")
    desk.call(
        "PATCH",
        f"/api/tickets/{ticket}",
        {"assignee": {"kind": "user", "id": me.get("/api/me").json()["user"]["id"]}},
    )
    me.close()
    expect(bell).not_to_have_accessible_name(before)
    expect(bell).to_have_accessible_name(re.compile(r"^Notifications, \d+ unread$"))


def test_a_page_in_the_background_holds_no_connection(open_page: Open) -> None:
    page = open_page("staff")
    page.evaluate(
        """() => {
          window.ended = 0;
          const close = EventSource.prototype.close;
          EventSource.prototype.close = function () { window.ended += 1; close.call(this); };
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert page.evaluate("window.ended") == 1


def test_what_one_types_is_found_while_tickets_keep_changing(open_page: Open, desk: Desk) -> None:
    busy = desk.ticket("Live: busy")
    staff = open_page("staff")
    everything = staff.locator("#found").inner_text()
    search = staff.get_by_label("Search")
    for letter in "battery":
        desk.call("POST", f"/api/tickets/{busy}/replies", {"body": f"typing {letter}"})
        search.press_sequentially(letter)
    expect(staff).to_have_url(re.compile(r"q=battery$"))
    expect(staff.locator("td .subject")).to_have_count(1)
    expect(staff.locator("#found")).not_to_have_text(everything)
