"""Pages and widgets of GoatKit plugins in a real browser: shown, followed, and kept out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.goatkit_modules import goatkit_module

Open = Callable[..., Any]
ATTACK = """
<p id="mark">Attack</p>
<script>
  const tried = [];
  const attempt = (name, action) => { try { action(); tried.push(name); } catch { } };
  attempt("cookie", () => { if (document.cookie === "") throw 0; });
  attempt("storage", () => localStorage.setItem("a", "b"));
  attempt("parent", () => parent.document.body.innerHTML = "taken");
  attempt("top", () => top.location = "https://evil.example/");
  attempt("open", () => { if (open("https://evil.example/") === null) throw 0; });
  attempt("submit", () => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: "/logout" });
    document.body.append(form);
    form.submit();
  });
  parent.postMessage({ goatkit: 1, open: "/logout" }, "*");
  parent.postMessage({ goatkit: 1, submit: "/logout", method: "post", fields: [] }, "*");
  fetch("/api/me").then(() => tried.push("fetch")).catch(() => {}).finally(() => {
    document.getElementById("mark").textContent = `Done: ${tried.join(" ")}`;
  });
</script>"""
PAGE = """<h2 class="gk-heading">Notes</h2><a href="/tickets">To the tickets</a>
<form method="post"><input name="text" aria-label="Text"><button>Save</button></form>"""


@pytest.fixture
def plugin(desk: Desk) -> Iterator[str]:
    """Install a plugin with a page, a page that echoes, a widget, and an attack."""
    module = goatkit_module(
        {
            "name": "browsed",
            "routes": [
                {"method": "GET", "path": "/notes", "handler": "page", "middleware": ["auth"]},
                {"method": "POST", "path": "/notes", "handler": "saved", "middleware": ["auth"]},
                {"method": "GET", "path": "/attack", "handler": "attack", "middleware": ["auth"]},
            ],
            "menu_items": [{"id": "n", "label": "Notes", "path": "/notes", "location": "agent"}],
            "widgets": [
                {"id": "w", "title": "Forty-two", "handler": "widget", "location": "dashboard"},
                {"id": "b", "title": "Broken", "handler": "broken", "location": "dashboard"},
            ],
        },
        {
            "page": {"html": PAGE, "title": "Notes"},
            "saved": {"redirect": "/tickets"},
            "attack": {"html": ATTACK},
            "widget": {"html": "<span class='gk-stat-value'>42</span>"},
            "broken": [],
        },
    )
    plugin_id = desk.install(module)
    yield plugin_id
    desk.uninstall(plugin_id)


@pytest.mark.usefixtures("plugin")
def test_the_menu_leads_to_a_page_whose_links_and_forms_work(open_page: Open) -> None:
    page = open_page("staff")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Notes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notes")
    frame = page.frame_locator("iframe.plugin-page")
    expect(frame.get_by_role("heading", name="Notes")).to_be_visible()
    frame.get_by_label("Text").fill("something")
    frame.get_by_role("button", name="Save").click()
    page.wait_for_url("**/tickets")
    page.go_back()
    frame.get_by_role("link", name="To the tickets").click()
    page.wait_for_url("**/tickets")


@pytest.mark.usefixtures("plugin")
def test_a_widget_is_shown_and_a_broken_one_costs_its_own_frame(open_page: Open) -> None:
    page = open_page("staff", "/dashboard")
    expect(page.frame_locator("iframe[title='Forty-two']").get_by_text("42")).to_be_visible()
    broken = page.get_by_role("region", name="Broken")
    expect(broken.get_by_text("The plugin returned no HTML.")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(1)


@pytest.mark.usefixtures("plugin")
def test_what_a_plugin_shows_cannot_leave_its_frame(open_page: Open) -> None:
    page = open_page(
        "staff", "/attack", expected=["Blocked", "sandbox", "Content Security", "Unsafe"]
    )
    mark = page.frame_locator("iframe.plugin-page").locator("#mark")
    expect(mark).to_have_text("Done: submit")  # which the policy stops, without an error
    assert page.url.endswith("/attack")
    assert len(page.context.pages) == 1
    page.goto(page.url.replace("/attack", "/tickets"))
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
