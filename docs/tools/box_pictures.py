"""Takes the pictures of the plugins in the box: a demo help desk, seen by a real browser.

    python docs/tools/box_pictures.py [NAME…]

Each plugin is installed with one click, given what it asks for, and enabled, as an admin does it.
"""

import os
import sys
from datetime import UTC, datetime

from pictures import _CHROMIUM, _FLAGS, _PASSWORD, _WIDE, IMAGES, demo_server
from playwright.sync_api import Page, sync_playwright

PAGES = {"statistics": "/statistics", "calendar": "/calendar"}
"""By the plugin's name: the page to look at."""

APPOINTMENTS = (
    ("Stand-up", "02T090000", "PT15M", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
    ("Review of open tickets", "03T140000", "PT1H", "FREQ=WEEKLY;INTERVAL=2"),
    ("Patch day", "08T180000", "PT3H", "FREQ=MONTHLY;BYDAY=2TU"),
    ("Call with the supplier", "11T103000", "PT30M", ""),
    ("On-site visit", "17", "P3D", ""),
    ("Printer is replaced", "24T110000", "PT2H", ""),
)
"""For Calendar: title, day and time in this month, length and rule."""


def fill_calendar(page: Page, address: str) -> None:
    """Import a file of appointments in this month."""
    month = f"{datetime.now(UTC):%Y%m}"
    rows = ["BEGIN:VCALENDAR"]
    for title, day, length, rule in APPOINTMENTS:
        kind = "" if "T" in day else ";VALUE=DATE"
        rows += ["BEGIN:VEVENT", f"UID:{title}", f"SUMMARY:{title}", f"DTSTART{kind}:{month}{day}"]
        rows += [f"DURATION:{length}", *([f"RRULE:{rule}"] if rule else []), "END:VEVENT"]
    text = "\r\n".join([*rows, "END:VCALENDAR", ""])
    page.goto(f"{address}/calendar/calendars")
    frame = page.frame_locator("iframe.plugin-page")
    file = {"name": "month.ics", "mimeType": "text/calendar", "buffer": text.encode()}
    frame.get_by_label("iCalendar file").set_input_files(file)
    frame.get_by_role("button", name="Import").click()
    frame.get_by_text("appointments imported").wait_for()


FILL = {"calendar": fill_calendar}
"""By the plugin's name: what gives its page something to show."""


def log_in(page: Page, address: str) -> None:
    """Log in as the demo's admin."""
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill("admin@example.com")
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Admin").first.wait_for()


def install(page: Page, address: str, name: str) -> None:
    """Install a plugin out of the box, grant what it asks for, and enable it."""
    page.goto(f"{address}/admin/plugins")
    page.get_by_role("button", name=f"Install {name.replace('-', ' ').capitalize()}").click()
    page.wait_for_url("**/review**")
    for box in page.locator("input[name=allowed]").all():
        box.check()
    page.get_by_role("button", name="Save and enable").click()
    page.get_by_text("Plugin enabled").wait_for()


def main() -> None:
    """Take the pictures of all plugins, or of those named."""
    names = sys.argv[1:] or list(PAGES)
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with demo_server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        page = browser.new_page(viewport=_WIDE)
        log_in(page, address)
        page.goto(f"{address}/admin/plugins#box")
        page.get_by_role("heading", name="In the box").scroll_into_view_if_needed()
        page.screenshot(path=IMAGES / "box.png")
        for name in names:
            install(page, address, name)
            if fill := FILL.get(name):
                fill(page, address)
            page.goto(address + PAGES[name])
            page.frame_locator("iframe").first.locator("body :visible").first.wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
