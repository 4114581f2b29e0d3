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
    expect(page.get_by_text("Your reply is added.")).to_be_visible()
    tab_to(page, page.get_by_label("Internal note"))
    page.keyboard.type("A note by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your internal note is added.")).to_be_visible()
    tab_to(page, page.get_by_label("Assignee"))
    page.keyboard.type("Sasha")
    tab_to(page, page.get_by_role("button", name="Save changes"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The ticket is updated.")).to_be_visible()
    expect(page.get_by_label("Assignee").locator("option:checked")).to_have_text("Sasha Staff")
    tab_to(page, page.get_by_role("button", name="Resolve"))
    page.keyboard.press("Space")
    expect(page.get_by_text("The ticket is resolved.")).to_be_visible()


def test_the_first_tab_offers_to_skip_to_the_content(open_page: Open) -> None:
    page = open_page("staff")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_what_has_the_focus_can_be_seen(open_page: Open, desk: Desk) -> None:
    page = open_page("staff", f"/tickets/{desk.ticket('Keyboard: focus')}")
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
    page.get_by_role("button", name="Reply").dblclick()
    expect(page.get_by_text("Your reply is added.")).to_be_visible()
    replies = desk.call("GET", f"/api/tickets/{ticket}/replies")["data"]
    assert [reply["body"] for reply in replies].count("Only once, please") == 1
