"""Everything by keyboard, in an order that follows the page."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import PASSWORD, Desk

Open = Callable[..., Any]


def tab_to(page: Any, locator: Any, *, most: int = 60) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if locator.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{most} presses of Tab did not reach {locator}")


def test_somebody_without_a_mouse_logs_in_and_answers_a_ticket(open_page: Open, desk: Desk) -> None:
    desk.ticket("Keyboard: a question")
    page = open_page(None, "/login")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("staff@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets")
    tab_to(page, page.get_by_label("Search"))
    page.keyboard.type("keyboard question")
    expect(page.locator("td .subject")).to_have_count(1)
    tab_to(page, page.get_by_role("link", name="Keyboard: a question"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard: a question")
    tab_to(page, page.get_by_label("Reply"))
    page.keyboard.type("Answered by keyboard")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Reply sent.")).to_be_visible()
    tab_to(page, page.get_by_label("Internal note"))
    page.keyboard.type("A note by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Internal note added.")).to_be_visible()
    tab_to(page, page.get_by_label("Assignee"))
    page.keyboard.type("Sasha")
    tab_to(page, page.get_by_role("button", name="Save changes"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ticket updated.")).to_be_visible()
    expect(page.get_by_label("Assignee").locator("option:checked")).to_have_text("Sasha Staff")
    tab_to(page, page.get_by_role("button", name="Resolve", exact=True))
    page.keyboard.press("Space")
    expect(page.get_by_text("Ticket resolved.")).to_be_visible()


def test_the_first_tab_offers_to_skip_to_the_content(open_page: Open) -> None:
    page = open_page("staff")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_what_has_the_focus_can_be_seen(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Keyboard: focus")
    # Nothing may change on the page while the focus moves.
    desk.wait_for_digest(ticket)
    page = open_page("staff", f"/tickets/{ticket}")
    page.keyboard.press("Tab")
    seen = 0
    while page.evaluate("document.activeElement !== document.body"):
        visible = page.evaluate(
            """() => {
              const style = getComputedStyle(document.activeElement);
              return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            }"""
        )
        assert visible, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        seen += 1
        page.keyboard.press("Tab")
    assert seen > 15


def test_a_double_click_sends_a_reply_once(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Keyboard: twice")
    page = open_page("staff", f"/tickets/{ticket}")
    page.get_by_label("Reply").fill("Only once, please")
    page.get_by_role("button", name="Reply", exact=True).dblclick()
    expect(page.get_by_text("Reply sent.")).to_be_visible()
    replies = desk.call("GET", f"/api/tickets/{ticket}/replies")["data"]
    assert [reply["body"] for reply in replies].count("Only once, please") == 1


def press(page: Any, key: str) -> None:
    """Press a key once the page listens: its scripts come after its text."""
    expect(page.locator("#keys-button")).to_be_visible()
    page.keyboard.press(key)


def test_a_queue_is_worked_through_by_single_keys(open_page: Open, desk: Desk) -> None:
    for name in ("A", "B", "C"):
        desk.ticket(f"Keys {name}")
    page = open_page("staff", "/tickets?q=keys&sort=subject")
    for key in "jj":
        press(page, key)
    expect(page.get_by_role("link", name="Keys B")).to_be_focused()
    press(page, "x")
    expect(page.locator("#bulk-bar summary")).to_have_text("Update selected tickets: 1")
    press(page, "k")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys A")
    press(page, "j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys B")
    press(page, "r")
    expect(page.get_by_label("Reply")).to_be_focused()
    page.keyboard.type("just, quick?")
    press(page, "Control+Shift+Enter")
    expect(page.get_by_text("Reply sent. Ticket resolved.")).to_be_visible()
    press(page, "j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys C")
    press(page, "k")
    expect(page.get_by_text("just, quick?")).to_be_visible()
    press(page, "n")
    expect(page.get_by_label("Internal note")).to_be_focused()
    press(page, "Escape")
    press(page, "u")
    expect(page).to_have_url(f"{desk.url}/tickets?q=keys&sort=subject")
    press(page, "c")
    expect(page).to_have_url(f"{desk.url}/tickets/new")
    press(page, "/")
    expect(page.get_by_label("Search")).to_be_focused()


def test_the_shortcuts_are_explained_and_can_be_turned_off(open_page: Open) -> None:
    page = open_page("user")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Create a ticket")
    expect(dialog).not_to_contain_text("internal note")
    dialog.get_by_label("single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.reload()
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_label("single-key shortcuts").check()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1)).to_have_text("New ticket")
