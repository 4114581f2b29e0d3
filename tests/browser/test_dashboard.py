"""The dashboard in a real browser: charts of plugins, arranging, failures, and refreshing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import missing
from tests.browser.desk import Desk
from tests.goatkit_modules import goatkit_module
from webapp.rendering.vendored import CHART

Open = Callable[..., Any]
CHART_HTML = """<canvas id="c" width="300" height="150"></canvas><p id="mark">Drawing</p>
<script src="/static/vendor/chart.min.js"></script>
<script>
  const chart = new Chart(document.getElementById("c"), {
    type: "bar",
    data: { labels: ["a", "b"], datasets: [{ data: [3, 7], backgroundColor: "#ff0000" }] },
    options: { animation: false, responsive: false },
  });
  const shown = chart.canvas.getContext("2d").getImageData(0, 0, 300, 150).data;
  let red = 0;
  for (let at = 0; at < shown.length; at += 4) {
    if (shown[at] > 200 && shown[at + 1] < 50 && shown[at + 3] > 200) red += 1;
  }
  document.getElementById("mark").textContent = `${Chart.version}: ${red > 500 ? "drawn" : red}`;
</script>"""


@pytest.fixture
def widgets(desk: Desk) -> Iterator[str]:
    """Install a plugin with three widgets: one that draws, one of text, one that fails."""
    titles = {"chart": "Chart", "text": "Forty-two", "broken": "Broken"}
    module = goatkit_module(
        {
            "name": "board",
            "widgets": [
                {"id": handler, "title": title, "handler": handler, "location": "dashboard"}
                for handler, title in titles.items()
            ],
        },
        {
            "chart": {"html": CHART_HTML},
            "text": {"html": "<span class='gk-stat-value'>42</span>"},
            "broken": [],
        },
    )
    plugin_id = desk.install(module)
    yield plugin_id
    desk.uninstall(plugin_id)


@pytest.mark.usefixtures("widgets")
def test_a_widget_draws_with_the_chart_library_that_the_help_desk_serves(open_page: Open) -> None:
    if CHART.read() is None:
        missing(CHART.missing)
    page = open_page("staff", "/dashboard")
    mark = page.frame_locator("iframe[title='Chart']").locator("#mark")
    expect(mark).to_have_text(f"{CHART.version}: drawn")


@pytest.mark.usefixtures("widgets")
def test_a_dashboard_is_arranged_by_keyboard(open_page: Open) -> None:
    page = open_page("staff", "/dashboard?arrange=1")
    with page.expect_navigation():
        page.get_by_role("button", name="Reset").click()
    first = page.locator("[data-key]").first
    title = first.get_by_role("heading").inner_text()
    first.get_by_role("button", name="Later").focus()
    with page.expect_response("**/dashboard/arrange") as kept:
        page.keyboard.press("Enter")
    assert kept.value.status == 204
    expect(page.locator("[data-key]").nth(1).get_by_role("heading")).to_have_text(title)
    expect(page.locator("#announcer")).to_have_text(f"{title}: 2 of 3")
    assert page.evaluate("document.activeElement.value") == "later"
    with page.expect_response("**/dashboard/arrange"):
        page.locator("[data-key]").nth(1).get_by_role("button", name="Full").press("Space")
    page.reload()
    second = page.locator("[data-key]").nth(1)
    expect(second.get_by_role("heading")).to_have_text(title)
    expect(second.get_by_role("button", name="Full")).to_have_attribute("aria-pressed", "true")


@pytest.mark.usefixtures("widgets")
def test_a_dashboard_is_arranged_by_mouse(open_page: Open) -> None:
    page = open_page("admin", "/dashboard?arrange=1")
    with page.expect_navigation():
        page.get_by_role("button", name="Reset").click()
    cards = page.locator("[data-key]")
    title = cards.first.get_by_role("heading").inner_text()
    start = cards.first.locator(".handle").bounding_box()
    end = cards.nth(2).bounding_box()
    page.mouse.move(start["x"] + 4, start["y"] + 4)
    page.mouse.down()
    with page.expect_response("**/dashboard/arrange"):
        page.mouse.move(end["x"] + 20, end["y"] + 20, steps=8)
        page.mouse.up()
    page.goto("/dashboard")
    expect(page.locator("[data-widget] h2").nth(2)).to_have_text(title)


@pytest.mark.usefixtures("widgets")
def test_a_dashboard_is_read_and_arranged_without_scripts(open_page: Open) -> None:
    page = open_page("staff", "/dashboard?arrange=1", java_script_enabled=False)
    with page.expect_navigation():
        page.get_by_role("button", name="Reset").click()
    broken = page.get_by_role("form", name="Broken")
    broken.get_by_role("button", name="Hide").click()
    expect(page.get_by_role("button", name="Show Broken")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.locator("[data-widget]")).to_have_count(2)
    frame = page.frame_locator("iframe[title='Forty-two']")
    expect(frame.get_by_text("42")).to_be_visible()
    page.goto("/dashboard?arrange=1")
    page.get_by_role("button", name="Show Broken").click()
    expect(page.locator("[data-key]")).to_have_count(3)


def test_a_widget_is_asked_for_again_while_somebody_looks_and_no_longer(
    desk: Desk, open_page: Open
) -> None:
    widget = {"id": "w", "title": "Pulse", "handler": "pulse", "refreshable": True}
    module = goatkit_module(
        {"name": "pulse", "widgets": [{**widget, "refresh_sec": 5}]},
        {"pulse": {"html": "<p>beats</p>"}},
    )
    plugin_id = desk.install(module)
    try:
        page = open_page("staff", "/tickets")
        page.clock.install()
        asked: list[str] = []

        def note(request: Any) -> None:
            if "/dashboard/widgets" in request.url:
                asked.append(request.url)

        page.on("request", note)
        page.goto("/dashboard")
        expect(page.frame_locator("iframe").get_by_text("beats")).to_be_visible()
        back = page.evaluate("history.length")
        with page.expect_response("**/dashboard/widgets*"):
            page.clock.run_for(6_000)
        expect(page.frame_locator("iframe").get_by_text("beats")).to_be_visible()
        assert page.evaluate("history.length") == back
        # Another tab in front of it: browsers say so to the page.
        page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )
        seen = len(asked)
        page.clock.run_for(60_000)
        assert len(asked) == seen
        with page.expect_response("**/dashboard/widgets*"):
            page.evaluate(
                "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'));"
            )
            page.clock.run_for(100)
    finally:
        desk.uninstall(plugin_id)


def test_a_plugin_that_is_disabled_meanwhile_leaves_a_card_with_the_reason(
    desk: Desk, open_page: Open, widgets: str
) -> None:
    page = open_page("staff", "/dashboard")
    expect(page.frame_locator("iframe[title='Forty-two']").get_by_text("42")).to_be_visible()
    desk.call("PATCH", f"/api/admin/plugins/{widgets}", {"enabled": False})
    page.get_by_role("region", name="Broken").get_by_role("button", name="Try again").click()
    broken = page.get_by_role("region", name="Broken")
    expect(broken.get_by_text("The plugin is disabled.")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
@pytest.mark.parametrize("path", ["/dashboard", "/dashboard?arrange=1"])
@pytest.mark.usefixtures("widgets")
def test_the_dashboard_is_accessible_and_fits(
    open_page: Open, axe: Callable[..., list[str]], width: int, scheme: str, path: str
) -> None:
    page = open_page("staff", path, viewport={"width": width, "height": 900}, color_scheme=scheme)
    if path == "/dashboard":
        expect(page.frame_locator("iframe[title='Forty-two']").get_by_text("42")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
