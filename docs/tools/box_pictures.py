"""Takes the pictures of the plugins in the box: a demo help desk, seen by a real browser.

    python docs/tools/box_pictures.py [NAME…]

Each plugin is installed with one click, given what it asks for, and enabled, as an admin does it.
"""

import os
import sys

from pictures import _CHROMIUM, _FLAGS, _PASSWORD, _WIDE, IMAGES, demo_server
from playwright.sync_api import Page, sync_playwright

PAGES = {"statistics": "/statistics"}
"""By the plugin's name: the page to look at."""


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
            page.goto(address + PAGES[name])
            page.frame_locator("iframe").first.locator("body :visible").first.wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
