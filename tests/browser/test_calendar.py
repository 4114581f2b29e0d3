"""Calendar in a real browser: out of the box, by keyboard, to a series that changes and a feed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.browser.desk import Desk

ID = "goatkit.calendar"
Open = Callable[..., Any]
VIEWS = ("Month", "Week", "Day", "Agenda")


def install(open_page: Open) -> Any:
    """Install Calendar as an admin does, by clicks alone; return the page."""
    page = open_page("admin", "/admin/plugins", expected=["409", "404"])
    page.get_by_role("button", name="Install Calendar").click()
    page.wait_for_url("**/review**", timeout=60_000)
    for box in page.locator("input[name=allowed]").all():
        box.check()
    page.get_by_role("button", name="Save and enable").click()
    expect(page.get_by_text("Plugin enabled")).to_be_visible()
    return page


def on(page: Any, url: str) -> Any:
    """Return the document of the plugin once its page is there."""
    page.wait_for_url(url)
    frame = page.frame_locator("iframe.plugin-page")
    expect(frame.locator(".cal")).to_be_visible()
    return frame


def test_from_the_box_to_a_series_a_ticket_and_a_feed(
    desk: Desk, open_page: Open, axe: Callable[..., list[str]]
) -> None:
    number = desk.call("GET", f"/api/tickets/{desk.ticket('The projector is broken')}")["number"]
    page = install(open_page)
    try:
        page.get_by_role("link", name="Calendar", exact=True).first.click()
        appointment_by_keyboard(page)
        seen_in_each_view(page, "Stand-up", axe)
        changed_one_following_all(page)
        on_the_ticket(page, number)
        file_and_feed(page, desk, axe)
    finally:
        desk.uninstall(ID)


def appointment_by_keyboard(page: Any) -> None:
    """Make a daily appointment of five days from the first of a month on, by keyboard alone."""
    page.goto("/calendar?view=month&date=2027-03-01")
    frame = on(page, "**/calendar?**")
    day = frame.get_by_role("link", name="Monday, 1 March 2027", exact=True)
    day.focus()
    day.press("ArrowDown")
    expect(frame.get_by_role("link", name="Monday, 8 March 2027", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = on(page, "**/calendar/event/new?date=2027-03-08")
    expect(frame.get_by_label("Start date")).to_have_value("2027-03-08")
    frame.get_by_label("Title").focus()
    page.keyboard.type("Stand-up")
    frame.get_by_label("Repeat", exact=True).focus()
    page.keyboard.type("Daily")
    expect(frame.get_by_label("Ends")).to_be_visible()
    frame.get_by_label("Ends").focus()
    page.keyboard.type("After a number")
    frame.get_by_label("Times", exact=True).fill("5")
    frame.get_by_role("button", name="Save").press("Enter")
    on(page, "**/calendar?view=day&date=2027-03-08")


def seen_in_each_view(page: Any, title: str, axe: Callable[..., list[str]]) -> None:
    for view in VIEWS:
        frame = page.frame_locator("iframe.plugin-page")
        frame.get_by_role("navigation", name="View").get_by_role("link", name=view).click()
        frame = on(page, f"**/calendar?view={view.lower()}**")
        expect(frame.get_by_role("link", name=re.compile(title)).first).to_be_visible()
        sound(page, axe)


def sound(page: Any, axe: Callable[..., list[str]]) -> None:
    """Check a page on a wide screen and on a phone, light and dark."""
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        inside = page.locator("iframe.plugin-page").element_handle().content_frame()
        # The frame is see-through: in it, axe would take white for what is the page's color.
        behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
        inside.evaluate("(color) => { document.body.style.background = color; }", behind)
        assert axe(inside, "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa") == []
        assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def changed_one_following_all(page: Any) -> None:
    def change(day: int, scope: str, **fields: str) -> None:
        page.goto(f"/calendar?view=day&date=2027-03-{day:02}")
        frame = on(page, "**/calendar?**")
        frame.get_by_role("link", name=re.compile("Stand-up|Planning")).click()
        frame = on(page, "**/calendar/event/*")
        for label, value in fields.items():
            frame.get_by_label(label.replace("_", " "), exact=True).fill(value)
        frame.get_by_role("radio", name=scope).first.check()
        frame.get_by_role("button", name="Save").click()
        on(page, "**/calendar?view=day**")

    change(9, "Only this occurrence", Start="10:00", End="11:00")
    change(11, "This and those that follow", Title="Planning", Start="14:00", End="15:00")
    change(12, "The whole series", Place="Room 7")
    page.goto("/calendar?view=agenda&date=2027-03-08")
    frame = on(page, "**/calendar?**")
    # Between the times is a dash.
    expect(frame.get_by_role("link", name=re.compile("Stand-up|Planning"))).to_have_text(
        [
            re.compile("09:00.10:00 Stand-up"),
            re.compile("10:00.11:00 Stand-up"),
            re.compile("09:00.10:00 Stand-up"),
            re.compile("14:00.15:00 Planning"),
            re.compile("14:00.15:00 Planning"),
        ]
    )
    frame.get_by_role("link", name=re.compile("Planning")).first.click()
    frame = on(page, "**/calendar/event/*")
    expect(frame.get_by_label("Place")).to_have_value("Room 7")


def on_the_ticket(page: Any, number: int) -> None:
    page.goto(f"/tickets/{number}")
    panel = page.frame_locator("iframe[title='Calendar']")
    expect(panel.get_by_text("No appointments with this ticket")).to_be_visible()
    panel.get_by_role("link", name="Set a due time").click()
    frame = on(page, "**/calendar/event/new?ticket=**")
    expect(frame.get_by_label("Title")).to_have_value("The projector is broken")
    expect(frame.get_by_label("The ticket is due at this time")).to_be_checked()
    tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    frame.get_by_label("Start date").fill(tomorrow)
    frame.get_by_label("End date").fill(tomorrow)
    frame.get_by_role("button", name="Save").click()
    on(page, "**/calendar?view=day**")
    page.goto(f"/tickets/{number}")
    expect(panel.get_by_role("link", name="The projector is broken")).to_be_visible()
    expect(panel.get_by_text("Due", exact=True)).to_be_visible()


def file_and_feed(page: Any, desk: Desk, axe: Callable[..., list[str]]) -> None:
    event = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:From a file\r\n"
        "DTSTART:20270310T090000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:On Mars\r\n"
        "DTSTART;TZID=Mars/Olympus:20270310T090000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    page.goto("/calendar/calendars")
    frame = on(page, "**/calendar/calendars")
    sound(page, axe)
    large = {"name": "large.ics", "mimeType": "text/calendar", "buffer": b"x" * 50_000_000}
    frame.get_by_label("iCalendar file").set_input_files(large)
    frame.get_by_role("button", name="Import").click()
    expect(frame.get_by_text("The file is larger than 4 MB")).to_be_visible()
    small = {"name": "a.ics", "mimeType": "text/calendar", "buffer": event.encode()}
    frame.get_by_label("iCalendar file").set_input_files(small)
    frame.get_by_role("button", name="Import").click()
    expect(frame.get_by_text("1 appointments imported")).to_be_visible()
    expect(frame.get_by_text("Mars/Olympus")).to_be_visible()

    frame.get_by_role("button", name="Create secret address").click()
    address = desk.url + frame.locator("code").inner_text()
    answer = httpx.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar")
    assert "SUMMARY:From a file" in answer.text
    again = httpx.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    frame.get_by_role("button", name="Revoke").click()
    expect(frame.get_by_text("The secret address no longer works")).to_be_visible()
    assert httpx.get(address).status_code == 404
