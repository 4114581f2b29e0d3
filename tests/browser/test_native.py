"""A native plugin in a real browser: uploaded, consented to, and used like any other."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.native.packages import native_package

ID = "goatkit.native-desk"
Open = Callable[..., Any]


def test_it_is_installed_granted_and_used_from_the_pages(desk: Desk, open_page: Open) -> None:
    package = {"name": "native.zip", "mimeType": "application/zip", "buffer": native_package()}
    page = open_page("admin", "/admin/plugins", expected=["409"])
    page.get_by_label("Plugin file").set_input_files(package)
    page.get_by_role("button", name="Install from file").click()
    page.wait_for_url(f"**/admin/plugins/{ID}**")
    try:
        consent = page.get_by_label("Runs as a native program")
        expect(consent).not_to_be_checked()
        expect(page.get_by_text("account on this machine")).to_be_visible()
        # Without the word to run as a program there is nothing to enable.
        page.get_by_role("button", name="Save and enable").click()
        expect(page.get_by_text("no admin has allowed it")).to_be_visible()
        page.get_by_label("Runs as a native program").check()
        page.get_by_label("Reads the tables ticket").check()
        page.get_by_role("button", name="Save and enable").click()
        expect(page.get_by_role("button", name="Save and enable")).to_have_count(0)

        page.goto("/admin/plugins")
        row = page.get_by_role("row").filter(has_text="native-desk")
        expect(row).to_contain_text("running")
        expect(row).to_contain_text("program")
        expect(row).to_contain_text("bridge")

        page.goto("/native-desk")
        frame = page.frame_locator("iframe.plugin-page")
        expect(frame.get_by_text("Hello from a native program")).to_be_visible()
        page.goto("/dashboard")
        widget = page.frame_locator("iframe[title='Open tickets']")
        expect(widget.locator(".gk-stat-value")).to_have_text(re.compile(r"[1-9][0-9]*"))
    finally:
        desk.uninstall(ID)
