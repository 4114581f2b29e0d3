"""Pages as people read them: whole words, short lines, one time zone, and a short way back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.modules import version

Open = Callable[..., Any]

WIDTHS = (360, 700, 1280, 3840)
# The smallest box that the words of an element need: a word that is broken makes it taller.
BROKEN_WORDS = """(selector) => [...document.querySelectorAll(selector)].flatMap((element) => {
  const found = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    for (const match of walker.currentNode.data.matchAll(/[\\w.@-]+/g)) {
      if (match[0].length > 30) continue;
      const range = document.createRange();
      range.setStart(walker.currentNode, match.index);
      range.setEnd(walker.currentNode, match.index + match[0].length);
      if (range.getClientRects().length > 1) found.push(match[0]);
    }
  }
  return found;
})"""
LONGEST_LINE = """(selector) => Math.max(0, ...[...document.querySelectorAll(selector)].map(
  (each) => each.getBoundingClientRect().width / parseFloat(getComputedStyle(each).fontSize),
))"""


@pytest.fixture(scope="module")
def two_versions(desk: Desk) -> str:
    """Return the address of a comparison of two versions that ask for different things."""
    wide = {"allowed_hosts": ["api.first-example.com", "hooks.second-example.com"]}
    desk.install(version("echo", "1.0.0", id="org.example.compared"))
    desk.admin.post(
        "/api/admin/plugins",
        files={"file": ("p.wasm", version("echo", "2.0.0", id="org.example.compared", **wide))},
    ).raise_for_status()
    versions = desk.call("GET", "/api/admin/plugins/org.example.compared/versions")["data"]
    waiting = next(one for one in versions if one["status"] == "waiting")
    return f"/admin/plugins/org.example.compared/versions/{waiting['sha256']}"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_breaks_where_permissions_are_judged(
    open_page: Open, two_versions: str, width: int
) -> None:
    page = open_page("admin", two_versions, viewport={"width": width, "height": 800})
    assert page.evaluate(BROKEN_WORDS, ".compare tbody") == []
    narrowest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.compare tbody td')]"
        ".map((cell) => cell.getBoundingClientRect().width))"
    )
    assert narrowest >= 280


@pytest.fixture(scope="module")
def records(desk: Desk) -> None:
    """A whole page of the audit log, some entries with many changes."""
    for number in range(25):
        days = {f"keep_{name}_days": 20 + number for name in ("events", "logs", "egress")}
        desk.call("PATCH", "/api/admin/settings", {"reopen_window_days": 8 + number, **days})
        desk.call("PATCH", "/api/admin/settings", {"session_days": 10 + number})


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/admin/audit", "/admin/egress"])
def test_records_keep_addresses_whole_and_fit(open_page: Open, path: str, width: int) -> None:
    page = open_page("admin", path, viewport={"width": width, "height": 800})
    assert page.evaluate(BROKEN_WORDS, ".records") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") < 12_000
    field, button = page.locator(".filters .field").first, page.locator(".filters button")
    assert field.evaluate("(each) => getComputedStyle(each.parentElement).display") == "grid"
    expect(button).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/admin/audit", "/admin/people", "/profile", "/tickets", "/notifications"]
)
def test_every_moment_is_in_the_readers_time_zone(open_page: Open, path: str) -> None:
    page = open_page("admin", path)
    page.wait_for_load_state("load")
    assert not re.search(r"\bUTC\b", page.locator("main").inner_text())


def test_lines_of_text_stay_readable_on_the_widest_screen(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Reading: long lines", description="Many words of a text. " * 80)
    page = open_page("staff", f"/tickets/{ticket}", viewport={"width": 3840, "height": 2160})
    assert page.evaluate(LONGEST_LINE, ".markdown p") <= 46
    assert page.locator(".markdown p").first.bounding_box()["width"] < 950


def test_three_notes_need_one_back(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Reading: Back")
    page = open_page("staff", "/tickets")
    page.goto(f"/tickets/{ticket}")
    for number in range(3):
        page.get_by_label("Internal note").fill(f"note {number}")
        page.get_by_role("button", name="Add internal note").click()
        expect(page.get_by_text(f"note {number}", exact=True)).to_be_visible()
        expect(page.locator("#done")).to_have_text("Internal note added.")
        expect(page.get_by_label("Internal note")).to_have_value("")
        # Sent before the page's script has come it is a step of its own.
        page.wait_for_load_state()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/tickets$"))
