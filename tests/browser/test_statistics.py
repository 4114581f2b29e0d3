"""Statistics in a real browser: from the box to the first chart, a saved report and a file."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

Open = Callable[..., Any]
ID = "goatkit.statistics"


@pytest.fixture
def statistics(desk: Desk, open_page: Open) -> Iterator[None]:
    """Install Statistics as an admin does, by clicks alone."""
    page = open_page("admin", "/admin/plugins")
    page.get_by_role("button", name="Install Statistics").click()
    page.wait_for_url("**/review**", timeout=60_000)
    for box in page.locator("input[name=allowed]").all():
        box.check()
    page.get_by_role("button", name="Save and enable").click()
    expect(page.get_by_text("Plugin enabled")).to_be_visible()
    yield
    desk.uninstall(ID)


@pytest.mark.usefixtures("statistics")
def test_staff_see_a_chart_save_a_report_and_take_a_file(
    open_page: Open, axe: Callable[..., list[str]]
) -> None:
    page = open_page("staff", "/tickets")
    page.get_by_role("link", name="Statistics").first.click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Created and resolved")).to_be_visible()
    for name in ("Created and resolved", "Open tickets over time"):
        expect(frame.get_by_role("heading", name=name)).to_be_visible()
        expect(frame.get_by_role("table", name=name)).to_be_hidden()
    for place, name in enumerate(("Created and resolved", "Open tickets over time")):
        frame.get_by_text("Show as table").nth(place).click()
        expect(frame.get_by_role("table", name=name)).to_be_visible()
    expect(frame.get_by_role("row", name="Less than a day")).to_be_visible()
    files = {}
    for kind in ("CSV", "XLSX"):
        with page.expect_download() as file:
            frame.get_by_role("link", name=kind).click()
        files[file.value.suggested_filename.rpartition(".")[2]] = file.value.path()
    rows = list(csv.reader(io.StringIO(files["csv"].read_text("utf-8-sig"))))
    (now,) = [row for row in rows if row[:1] == ["New"]]
    shown = frame.get_by_role("table", name="Tickets now, by status")
    expect(shown.get_by_role("row", name=f"New {now[1]}", exact=True)).to_be_visible()
    with zipfile.ZipFile(files["xlsx"]) as book:
        assert book.testzip() is None
    frame.get_by_label("Save this report").fill("Our month")
    frame.get_by_label("Share with all staff").check()
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("link", name="Our month")).to_be_visible()
    other = open_page("admin", "/statistics").frame_locator("iframe")
    other.get_by_role("link", name="Our month").click()
    expect(other.get_by_text("(shared by staff@example.com)")).to_be_visible()
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        inside = page.locator("iframe").element_handle().content_frame()
        assert inside is not None
        assert axe(inside, "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa") == []
        assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
