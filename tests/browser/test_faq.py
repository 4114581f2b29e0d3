"""The FAQ in a real browser: written by staff, read by strangers, and at hand where tickets are."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

Open = Callable[..., Any]
PACKAGE = Path(__file__).parents[2] / "plugins" / "faq" / "faq.zip"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
HOSTILE = (
    "<script>document.title = 'taken'</script><b onclick='x()'>bold</b>\n\nPull the *paper* out."
)


@pytest.fixture
def faq(desk: Desk) -> Iterator[None]:
    """Install the FAQ with all that it requests."""
    with PACKAGE.open("rb") as package:
        made = desk.admin.post("/api/admin/plugins", files={"file": ("faq.zip", package)})
    made.raise_for_status()
    desk.call("PATCH", "/api/admin/plugins/goatkit.faq", {"withheld": [], "enabled": True})
    yield
    desk.uninstall("goatkit.faq")


@pytest.mark.usefixtures("faq")
def test_an_article_is_written_and_helps_where_people_are(open_page: Open, desk: Desk) -> None:
    staff = open_page("staff", "/faq/manage/edit")
    form = staff.frame_locator("iframe.plugin-page")
    form.get_by_label("Title").fill("Printer jams on thick paper")
    form.get_by_label("Who can read it").select_option("0")
    form.get_by_label("Text (Markdown)").fill(f"{HOSTILE}\n\n")
    picture = {"name": "door.png", "mimeType": "image/png", "buffer": PIXEL}
    form.locator("[data-upload]").set_input_files(picture)
    expect(form.get_by_role("status")).to_have_text("door.png")
    form.get_by_role("button", name="Publish").click()
    staff.wait_for_url("**/faq/article/1?done=published")
    article = staff.frame_locator("iframe.plugin-page")
    expect(article.get_by_role("status")).to_have_text("The article is published.")
    expect(article.locator("article img")).to_have_attribute("src", re.compile("^blob:"))

    stranger = open_page(None, "/faq?q=printers", locale="de-DE")
    found = stranger.frame_locator("iframe.plugin-page")
    found.get_by_role("link", name="Printer jams").click()
    stranger.wait_for_url("**/faq/article/1")
    expect(found.locator("article img")).to_have_attribute("src", re.compile("^blob:"))
    expect(found.locator("article")).to_contain_text("Pull the paper out.")

    user = open_page("user", "/tickets/new")
    user.get_by_label("Subject").fill("My printer jams")
    beside = user.frame_locator(".slot iframe")
    expect(beside.get_by_role("link", name="Printer jams")).to_be_visible()

    ticket = desk.ticket("Printer jams again")
    staff.goto(f"/tickets/{ticket}")
    widget = staff.frame_locator(".widget iframe[data-goatkit='goatkit.faq']")
    widget.get_by_role("button", name="Insert into reply").click()
    expect(staff.get_by_label("Reply")).to_have_value(re.compile(r"Pull the \*paper\* out"))
    widget.get_by_role("link", name="Make an article").click()
    staff.wait_for_url("**/faq/manage/edit?ticket=*")
    expect(form.get_by_label("Title")).to_have_value("Printer jams again")
