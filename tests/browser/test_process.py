"""Processes as a new user meets them: out of the box, to the first approval, without reading."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk

ID = "goatkit.process"
Open = Callable[..., Any]


def test_from_the_box_to_the_first_approval_and_a_new_version(
    desk: Desk, open_page: Open, axe: Callable[..., list[str]]
) -> None:
    number = desk.call("GET", f"/api/tickets/{desk.ticket('A new laptop')}")["number"]
    page = open_page("admin", "/admin/plugins", expected=["409"])  # gone while it previews
    page.get_by_role("form", name="process").get_by_role("button", name="Install").click()
    page.wait_for_url(f"**/admin/plugins/{ID}**", timeout=180_000)  # it is compiled
    try:
        for consent in ("Reads records that", "Changes the status", "Reads the tables group_user"):
            page.get_by_label(consent).check()
        page.get_by_role("button", name="Save and enable").click()
        expect(page.get_by_role("button", name="Save and enable")).to_have_count(0)

        page.goto("/processes")
        frame = page.frame_locator("iframe.plugin-page")
        frame.get_by_role("button", name="Use this template: Purchase").click()
        page.wait_for_url("**/processes/purchase")

        page.goto(f"/tickets/{number}")
        panel = page.frame_locator("iframe[title='Process']")
        panel.get_by_role("button", name="Start").click()
        panel.get_by_label("What is needed").fill("A laptop")
        panel.get_by_label("Reason").fill("The old one broke.")
        panel.get_by_label("Amount").fill("a lot")
        panel.get_by_role("button", name="Complete step").click()
        # What is wrong is said at the field, and what was typed stays.
        frame = page.frame_locator("iframe.plugin-page")
        expect(frame.get_by_text("Enter a number")).to_be_visible()
        expect(frame.get_by_label("What is needed")).to_have_value("A laptop")
        frame.get_by_label("Amount").fill("250")
        frame.get_by_role("button", name="Complete step").click()
        page.wait_for_url(f"**/tickets/{number}")
        expect(panel.get_by_role("img", name="step Approval is current")).to_be_visible()
        panel.get_by_role("button", name="Approve").click()
        expect(panel.get_by_role("img", name="step Order is current")).to_be_visible()
        expect(page.get_by_text("approved by admin@example.com")).to_be_visible()

        # The designer, by keyboard alone.
        page.goto("/processes/purchase/design")
        expect(frame.get_by_text("Ready to publish")).to_be_visible()
        frame.get_by_role("button", name="Remove: Amount").press("Enter")
        expect(frame.get_by_text("doesn't exist").first).to_be_visible()
        page.reload()
        expect(frame.get_by_text("Ready to publish")).to_be_visible()
        frame.locator("[data-step=order]").press("Enter")
        frame.get_by_role("group", name="Step: Order").get_by_label("Name", exact=True).fill(
            "Order it"
        )
        frame.get_by_role("button", name="Publish").press("Enter")
        expect(frame.get_by_text("Version 2")).to_be_visible()
        (document,) = [each for each in page.frames if each.parent_frame is not None]
        assert axe(document, "wcag2a", "wcag2aa", "wcag21aa", "wcag22aa") == []
    finally:
        desk.uninstall(ID)
