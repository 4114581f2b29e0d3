"""What was written and not yet sent is there again, whatever came in between."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD
from tests.browser.desk import Desk, log_in

Open = Callable[..., Any]


def send(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_sending_a_reply_keeps_a_note_and_choices_that_were_not_sent(
    open_page: Open, desk: Desk
) -> None:
    page = open_page("staff", f"/tickets/{desk.ticket('Drafts: three forms')}")
    page.get_by_label("Internal note").fill("half a note")
    page.get_by_label("Priority").select_option("Critical")
    page.get_by_label("Category").select_option("Hardware")
    page.get_by_label("Type").select_option("Laptop")
    page.get_by_label("Reply", exact=True).fill("A whole reply")
    send(page, "Reply")
    expect(page.locator("#done")).to_have_text("Reply sent.")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")
    expect(page.get_by_label("Internal note")).to_have_value("half a note")
    expect(page.get_by_label("Priority")).to_have_value("Critical")
    expect(page.get_by_label("Type").locator("option:checked")).to_have_text("Laptop")
    send(page, "Save changes")
    expect(page.locator("#done")).to_have_text("Ticket updated.")
    expect(page.locator(".heading .priority-critical")).to_be_visible()
    expect(page.get_by_label("Internal note")).to_have_value("half a note")
    send(page, "Add internal note")
    expect(page.locator("#done")).to_have_text("Internal note added.")
    expect(page.get_by_label("Internal note")).to_have_value("")
    expect(page.locator(".restored")).to_have_count(0)


def test_back_and_reload_bring_back_what_was_written(open_page: Open, desk: Desk) -> None:
    address = f"/tickets/{desk.ticket('Drafts: Back')}"
    page = open_page("user", address)
    page.get_by_label("Reply", exact=True).fill("not yet sent")
    page.goto("/tickets")
    page.go_back()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("not yet sent")
    page.reload()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("not yet sent")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")
    page.reload()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")


def test_a_new_ticket_survives_a_look_elsewhere(open_page: Open) -> None:
    page = open_page("user", "/tickets/new")
    page.get_by_label("Subject").fill("Drafts: new ticket")
    page.get_by_label("Description").fill("It began\non Monday.")
    page.get_by_label("Priority").select_option("High")
    page.goto("/tickets")
    page.goto("/tickets/new")
    expect(page.get_by_label("Subject")).to_have_value("Drafts: new ticket")
    expect(page.get_by_label("Description")).to_have_value("It began\non Monday.")
    expect(page.get_by_label("Priority")).to_have_value("High")
    send(page, "Create ticket")
    expect(page.locator("#done")).to_have_text("Ticket created.")
    page.goto("/tickets/new")
    expect(page.get_by_label("Subject")).to_have_value("")


def test_a_session_that_ended_loses_nothing(open_page: Open, desk: Desk) -> None:
    page = open_page("user", f"/tickets/{desk.ticket('Drafts: session')}", expected=["401"])
    page.get_by_label("Reply", exact=True).fill("written for half an hour")
    page.context.clear_cookies()
    send(page, "Reply")
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("written for half an hour")
    page.get_by_label("Email").fill("user@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    send(page, "Log in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Drafts: session")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("written for half an hour")
    send(page, "Reply")
    expect(page.locator("ol.thread")).to_contain_text("written for half an hour")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")


def test_a_ticket_that_a_colleague_closes_meanwhile_loses_nothing(
    open_page: Open, desk: Desk
) -> None:
    ticket = desk.ticket("Drafts: closed meanwhile")
    page = open_page("staff", f"/tickets/{ticket}", expected=["409", "403", "422"])
    page.get_by_label("Reply", exact=True).fill("one more thing")
    desk.call("POST", f"/api/tickets/{ticket}/resolve", {"notes": "done"})
    desk.call("POST", f"/api/tickets/{ticket}/close")
    expect(page.locator(".heading .badge").first).to_contain_text("Closed")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("one more thing")
    send(page, "Reply")
    expect(page.get_by_role("heading", name="What you wrote")).to_be_visible()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("one more thing")


def test_nobody_else_sees_it_and_logging_out_forgets_it(open_page: Open, desk: Desk) -> None:
    address = f"/tickets/{desk.ticket('Drafts: private')}"
    page = open_page("user", address)
    page.get_by_label("Reply", exact=True).fill("mine alone")
    page.context.clear_cookies()
    page.context.add_cookies(staff_cookies(desk))
    page.goto(address)
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")
    page.get_by_label("Reply", exact=True).fill("of staff")
    send(page, "Log out")
    page.wait_for_url("**/login")
    kept = page.evaluate("Object.values(sessionStorage).join()")
    assert ("mine alone" in kept, "of staff" in kept) == (False, False)


def test_a_draft_is_there_in_another_tab_and_after_a_log_in(open_page: Open, desk: Desk) -> None:
    address = f"/tickets/{desk.ticket('Drafts: two tabs')}"
    first = open_page("staff", address)
    with first.expect_response("**/drafts") as kept:
        first.get_by_label("Reply", exact=True).fill("begun here")
    assert kept.value.json() == {"kept": True}
    # Another browser of the same person: nothing of the first one's storage is in it.
    second = open_page("staff", address)
    expect(second.get_by_label("Reply", exact=True)).to_have_value("begun here")
    expect(second.locator(".restored")).to_contain_text("Restored what you had not sent")
    colleague = open_page("admin", address)
    expect(colleague.get_by_label("Reply", exact=True)).to_have_value("")
    send(second, "Reply")
    expect(second.locator("#done")).to_have_text("Reply sent.")
    first.reload()
    expect(first.get_by_label("Reply", exact=True)).to_have_value("")
    expect(colleague.get_by_label("Reply", exact=True)).to_have_value("")


def test_a_page_of_somebody_who_has_gone_leaks_nothing_to_the_next(
    open_page: Open, desk: Desk
) -> None:
    address = f"/tickets/{desk.ticket('Drafts: same browser')}"
    page = open_page("admin", address)
    page.get_by_label("Reply", exact=True).fill("of the admin")
    page.context.clear_cookies()
    page.context.add_cookies(staff_cookies(desk))
    with page.expect_response("**/drafts") as kept:
        page.get_by_label("Internal note").fill("written by the admin, too")
    assert kept.value.json() == {"kept": False}
    page.goto(address)
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")
    expect(page.get_by_label("Internal note")).to_have_value("")


def test_colleagues_see_who_is_replying(open_page: Open, desk: Desk) -> None:
    address = f"/tickets/{desk.ticket('Presence')}"
    staff, admin = open_page("staff", address), open_page("admin", address)
    requester = open_page("user", address)
    expect(admin.locator("#presence")).to_contain_text("is viewing this ticket.")
    staff.get_by_label("Reply", exact=True).press_sequentially("Hello")
    expect(admin.locator("#presence")).to_contain_text("is replying.")
    expect(requester.locator("#presence")).to_have_count(0)
    staff.goto("/tickets")
    expect(admin.locator("#presence")).to_be_empty()


def staff_cookies(desk: Desk) -> list[dict[str, str]]:
    with closing(log_in(desk.url, "staff")) as client:
        return [
            {"name": name, "value": value, "url": desk.url}
            for name, value in client.cookies.items()
        ]
