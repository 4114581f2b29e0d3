"""Pages and widgets of GoatKit plugins in a real browser: shown, followed, and kept out."""

import json
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


TOOLS = """<a href="/tools/file">The file</a> <a href="https://other.example/page">Elsewhere</a>
<form method="post" action="/tools/save" enctype="multipart/form-data">
  <input name="title" aria-label="Title"><input type="file" name="upload" aria-label="Upload">
  <input type="checkbox" name="tag" value="a" checked>
  <input type="checkbox" name="tag" value="b" checked>
  <button>Send</button>
</form>
<p id="said">Asking</p>
<script>
  (async () => {
    const own = await fetch("/tools/data?x=1", { method: "PUT", body: JSON.stringify({ y: 2 }),
      headers: { "Content-Type": "application/json" } });
    const { x, y, _user_role: role } = await own.json();
    const other = await fetch("/admin/people").then(() => "read", () => "refused");
    const none = await (await fetch("/none")).text();
    const said = [own.status, x, y, role, other, none.length].join(" ");
    document.getElementById("said").textContent = said;
  })();
</script>"""


@pytest.fixture
def tools(desk: Desk) -> Iterator[None]:
    """Install a plugin whose page sends files, requests its own routes, and offers a file."""
    routes = {
        ("GET", ""): "page",
        ("GET", "/bare"): "bare",
        ("GET", "/file"): "file",
        ("POST", "/save"): "show",
        ("PUT", "/data"): "show",
    }
    module = goatkit_module(
        {
            "name": "tools",
            "routes": [
                {"method": m, "path": f"/tools{p}", "handler": handler, "middleware": ["auth"]}
                for (m, p), handler in routes.items()
            ],
        },
        {
            "page": {"html": TOOLS, "title": "Tools"},
            "bare": {
                "html": "<p>All mine</p><script>location = '//evil.example/'</script>",
                "raw": True,
            },
            "file": {
                "_binary": True,
                "content_type": "text/csv",
                "filename": "a.csv",
                "data": "YSxi",
            },
        },
    )
    plugin_id = desk.install(module)
    yield
    desk.uninstall(plugin_id)


@pytest.mark.usefixtures("tools")
def test_a_page_requests_its_own_routes_and_no_others(open_page: Open) -> None:
    page = open_page("admin", "/tools", expected=["421", "404"])
    said = page.frame_locator("iframe.plugin-page").locator("#said")
    expect(said).to_have_text("200 1 2 Admin refused 0")


@pytest.mark.usefixtures("tools")
def test_a_form_sends_files_and_every_value_to_the_route_that_it_names(open_page: Open) -> None:
    page = open_page("staff", "/tools", expected=["421", "404"])
    frame = page.frame_locator("iframe.plugin-page")
    frame.get_by_label("Title").fill("Ünïcode")
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    frame.get_by_label("Upload").set_input_files([file])
    frame.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tools/save")
    sent = json.loads(page.inner_text("body"))
    assert (sent["title"], sent["tag"]) == ("Ünïcode", ["a", "b"])
    assert sent["upload"] == {
        "filename": "notes.txt",
        "content_type": "text/plain",
        "size": 5,
        "data": "aGVsbG8=",
    }
    assert "csrf_token" not in sent


@pytest.mark.usefixtures("tools")
def test_a_link_downloads_a_file_and_one_that_leads_elsewhere_asks_first(open_page: Open) -> None:
    page = open_page("staff", "/tools", expected=["421", "404"])
    frame = page.frame_locator("iframe.plugin-page")
    with page.expect_download() as download:
        frame.get_by_role("link", name="The file").click()
    assert download.value.suggested_filename == "a.csv"
    frame.get_by_role("link", name="Elsewhere").click()
    dialog = page.get_by_role("dialog", name="This link leads to another site")
    expect(dialog.get_by_text("https://other.example/page")).to_be_visible()
    dialog.get_by_role("button", name="Stay here").click()
    expect(dialog).to_have_count(0)
    assert page.url.endswith("/tools")


@pytest.mark.usefixtures("tools")
def test_a_bare_page_is_framed_too_so_that_it_cannot_lead_itself_away(open_page: Open) -> None:
    page = open_page("staff", "/tickets", expected=["frame-src", "Framing"])
    with page.expect_console_message(lambda said: "frame-src" in said.text):
        page.goto("/tools/bare")
    assert page.url.endswith("/tools/bare")
    expect(page.get_by_role("navigation")).to_have_count(0)


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


BOARD = """<p id="heard">Nothing yet</p><button id="move">Move</button>
<script>
  document.addEventListener("goatkit:event", ({ detail: { type, channel, data } }) => {
    document.getElementById("heard").textContent = `${type} ${channel} ${JSON.stringify(data)}`;
  });
  document.getElementById("move").addEventListener("click", () => fetch("/board/moves", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ event_type: "moved", channel: "b1", data: { card: "<b>7</b>" } }),
  }));
</script>"""


def test_what_a_plugin_publishes_reaches_the_pages_that_show_it(
    open_page: Open, desk: Desk
) -> None:
    module = goatkit_module(
        {
            "name": "board",
            "routes": [
                {"method": "GET", "path": "/board", "handler": "shown", "middleware": ["auth"]},
                {
                    "method": "POST",
                    "path": "/board/moves",
                    "handler": "publish_event",
                    "middleware": ["auth"],
                },
            ],
            "resources": {"permissions": [{"type": "publish_event", "scope": ["moved"]}]},
        },
        {"shown": {"html": BOARD, "title": "Board"}},
        passed_on=("publish_event",),
    )
    plugin_id = desk.install(module)
    try:
        desk.call("PATCH", f"/api/admin/plugins/{plugin_id}", {"withheld": []})
        mine, colleagues, requesters = (
            open_page(role, "/board") for role in ("staff", "admin", "user")
        )
        frame = "iframe.plugin-page"
        for page in (mine, colleagues, requesters):
            expect(page.frame_locator(frame).locator("#heard")).to_have_text("Nothing yet")
        mine.frame_locator(frame).get_by_role("button", name="Move").click()
        for page in (mine, colleagues):
            heard = page.frame_locator(frame).locator("#heard")
            expect(heard).to_have_text('moved b1 {"card":"<b>7</b>"}')
        requesters.frame_locator(frame).get_by_role("button", name="Move").click()
        heard = requesters.frame_locator(frame).locator("#heard")
        expect(heard).to_have_text('moved b1 {"card":"<b>7</b>"}')
    finally:
        desk.uninstall(plugin_id)
