"""What holds for every page: axe finds nothing, no page is wider than a phone, none is heavy."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.desk import Desk

Open = Callable[..., Any]

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
LARGEST_PAGE = 100_000
DARK_ON_A_PHONE = (
    *("color-contrast", "link-name", "button-name", "label"),
    *("scrollable-region-focusable", "target-size"),
)
"""Rules that another theme or another width can break."""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2


@pytest.fixture(scope="module")
def long_ticket(desk: Desk) -> str:
    """Return a ticket with words and lines that do not fit a phone."""
    ticket = desk.ticket(LONG, description=f"{LONG}\n\n```\n{'wide ' * 80}\n```")
    table = "|" + "a column |" * 12 + "\n|" + "---|" * 12 + "\n|" + "some text |" * 12
    for body in (f"https://example.com/{LONG}", table):
        desk.call("POST", f"/api/tickets/{ticket}/replies", {"body": body})
    note = {"body": "- a note\n- of two points", "is_internal": True}
    desk.call("POST", f"/api/tickets/{ticket}/replies", note)
    return ticket


@dataclass
class Survey:
    """What was seen on a walk over every page, each loaded once."""

    loaded: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: list[tuple[str, int]] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)

    def look_at(self, page: Any, path: str, axe: Callable[..., list[str]]) -> None:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESK)
        page.goto(path)
        self.loaded.append(path)
        self.violations += axe(page)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)
        self.violations += axe(page, *DARK_ON_A_PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            self.too_wide.append((path, width))


@pytest.fixture(scope="module")
def survey(
    chromium: Any,
    desk: Desk,
    sessions: Callable[[str], Any],
    long_ticket: str,
    axe: Callable[..., list[str]],
) -> Survey:
    """Walk over every page as each role, and over all that the menus of an admin lead to."""
    plugin = desk.call("GET", "/api/admin/plugins")["data"][0]["id"]
    ticket = f"/tickets/{long_ticket}"
    walk = {
        "": ["/login", "/password", "/signup"],
        "user": [
            "/tickets?view=settled",
            "/tickets/new",
            ticket,
            "/nothing-here",
            "/notifications/settings",
        ],
        "staff": ["/tickets?view=queue&priority=High", "/tickets?q=nothinglikethis", ticket],
        "admin": [
            *("/tickets", "/admin/mail/outgoing", "/admin/mail/incoming"),
            *("/admin/mail/templates?event=replied", *_pages_of(desk, plugin)),
        ],
    }
    found = Survey()
    for role, paths in walk.items():
        state = {"storage_state": sessions(role)} if role else {}
        # Without motion, so that no colour is measured half-way to another.
        options = {"base_url": desk.url, "bypass_csp": True, "reduced_motion": "reduce", **state}
        with chromium.new_context(**options) as context:
            page = context.new_page()
            _weigh(page, found, role)
            for path in paths:
                found.look_at(page, path, axe)
            if role == "admin":
                _look_at_the_rest(page, found, axe)
    return found


def _pages_of(desk: Desk, plugin: str) -> list[str]:
    """Return the pages of a plugin that has done something; no menu leads to them."""
    at = f"/admin/plugins/{plugin}"
    delivery = desk.call("GET", f"/api{at}/deliveries?limit=1")["data"][0]["id"]
    parts = ("review", "settings", "deliveries", f"deliveries/{delivery}", "log", "versions")
    return [at, f"{at}?span=day", *(f"{at}/{part}" for part in parts), "/admin/plugins/log"]


def _weigh(page: Any, survey: Survey, role: str) -> None:
    """Count every byte that comes over the wire for a page, its styles and scripts included."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def count(event: dict[str, Any]) -> None:
        name = f"{role} {page.url}"
        survey.weights[name] = survey.weights.get(name, 0) + int(event["encodedDataLength"])

    session.on("Network.loadingFinished", count)


def _look_at_the_rest(page: Any, survey: Survey, axe: Callable[..., list[str]]) -> None:
    """Look at what the menus lead to, and at one page of each kind that those lead to."""
    waiting = [*sorted(_menus(page) - set(survey.loaded)), "/api/docs", "/api/docs/objects"]
    kinds = {kind for path in survey.loaded if (kind := _kind(path))}
    for path in waiting:
        survey.look_at(page, path, axe)
        for link in page.locator("main a[href^='/admin/']").all():
            address = link.get_attribute("href")
            if (kind := _kind(address)) and kind not in kinds:
                kinds.add(kind)
                waiting.append(address)


def _kind(path: str) -> str | None:
    """Return which kind of page this is one of; None for one that a menu leads to."""
    match = re.fullmatch(r"(/admin/[a-z]+/)([^?]+)(\?.*)?", path)
    return match and match[1] + ("new" if match[2] == "new" else "one")


def _menus(page: Any) -> set[str]:
    """Return where the header and the admin's menu lead."""
    links = page.locator("header a[href^='/'], nav[aria-label=Admin] a").all()
    return {link.get_attribute("href") for link in links} - {"/"}


def test_axe_finds_nothing_in_light_or_dark(survey: Survey) -> None:
    assert survey.violations == []


def test_no_page_is_wider_than_a_phone(survey: Survey) -> None:
    assert survey.too_wide == []


def test_no_page_weighs_much(survey: Survey) -> None:
    assert len(survey.weights) >= len(survey.loaded) - 1
    assert {path: size for path, size in survey.weights.items() if size > LARGEST_PAGE} == {}
    assert max(survey.weights.values()) > 10_000


def test_a_page_asks_for_nothing_of_anybody_else_and_runs_nothing_inline(
    open_page: Open, desk: Desk
) -> None:
    page = open_page("admin", "/tickets")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/tickets")
    assert asked != []
    assert [url for url in asked if not url.startswith(desk.url)] == []
    policy = page.request.get("/tickets").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert page.locator("[style], script:not([src])").count() == 0


def test_motion_stops_for_those_who_ask(open_page: Open) -> None:
    page = open_page("staff", "/tickets", reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter((element) => {
          const style = getComputedStyle(element);
          return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
        }).length"""
    )
    assert moving == 0


def test_a_printed_ticket_is_its_story_without_the_controls(
    open_page: Open, long_ticket: str
) -> None:
    page = open_page("staff", f"/tickets/{long_ticket}")
    page.emulate_media(media="print")
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.get_by_role("article").first.is_visible()
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("textbox").count() == 0
