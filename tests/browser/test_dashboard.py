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
