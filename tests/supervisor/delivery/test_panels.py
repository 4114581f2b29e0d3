"""Panels: rendered by real guests, and framed only where the manifest and the operator allow."""

import pytest

from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.delivery.panels import panel_problem
from supervisor.errors import NotRunning, PluginNotFound
from supervisor.limits import Limits
from supervisor.views import PanelSlot

HOSTS = frozenset({"panel.example.com"})


@pytest.mark.parametrize(
    "url",
    [
        "https://panel.example.com/",
        "https://panel.example.com:8443/p?ticket=1#x",
        "https://PANEL.example.com/a",
    ],
)
def test_a_url_on_a_declared_host_is_framed(url):
    assert panel_problem(url, HOSTS, plain_http=False) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://evil.example.com/", "does not declare"),
        ("https://panel.example.com.evil.com/", "does not declare"),
        ("https://panel.example.com@evil.com/", "no plain host name"),
        ("http://panel.example.com/", "must be https"),
        ("javascript:alert(1)", "no plain host name"),
        ("data:text/html,x", "no plain host name"),
        ("//panel.example.com/", "no plain host name"),
        ("/tickets", "no plain host name"),
        ("https://panel.example.com/\r\nX: y", "cannot be used"),
        ("", "no plain host name"),
    ],
)
def test_anything_else_is_not(url, words):
    assert words in (panel_problem(url, HOSTS, plain_http=False) or "nothing")


def test_plain_http_is_framed_where_the_operator_allows_it():
    assert panel_problem("http://panel.example.com/", HOSTS, plain_http=True) is None


@pytest.mark.parametrize("guest_name", ["wat/panel_multi", "wat/panel_sret", "wat/panel_packed"])
async def test_each_shape_of_render_panel_works(desk, guest_name):
    plugin = await desk.install(guest_name)
    slot = PanelSlot(plugin.id, plugin.name, "Guest panel", 120)
    assert list(desk.supervisor.panels.slots()) == [slot]
    ticket = await desk.ticket()
    result = await desk.supervisor.panels.render(plugin.id, ticket.id)
    assert result.error is None
    assert result.url.startswith("https://panel.example.com/")
    assert result.url.endswith(ticket.id)


@pytest.mark.parametrize(
    ("guest_name", "words"),
    [
        ("wat/panel_foreign_host", "does not declare"),
        ("wat/panel_script_url", "no plain host name"),
        ("wat/panel_out_of_bounds", "render_panel"),
        ("wat/panel_empty", "0 bytes"),
        ("wat/panel_trap", "unreachable"),
    ],
)
async def test_a_panel_that_cannot_be_shown_is_an_error_of_the_plugin(desk, guest_name, words):
    plugin = await desk.install(guest_name)
    result = await desk.supervisor.panels.render(plugin.id, (await desk.ticket()).id)
    assert (result.url, result.error) == (None, "the plugin could not show its panel")
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert view.error_count == 1
    assert words in view.last_error


async def test_a_panel_that_never_comes_is_given_up_at_the_deadline(open_desk):
    desk = await open_desk(limits=Limits(deadline_s=0.5))
    plugin = await desk.install("wat/panel_loop")
    result = await desk.supervisor.panels.render(plugin.id, (await desk.ticket()).id)
    assert result.error == "the plugin could not show its panel"
    assert "within 0.5 s" in (await desk.supervisor.overview.plugin(plugin.id)).last_error


async def test_there_is_no_panel_of_a_plugin_that_is_off_or_not_there(desk):
    plugin = await desk.install("wat/panel_multi", enabled=False)
    assert list(desk.supervisor.panels.slots()) == []
    with pytest.raises(NotRunning):
        await desk.supervisor.panels.render(plugin.id, "01T")
    with pytest.raises(PluginNotFound):
        await desk.supervisor.panels.render("org.example.nothing", "01T")


async def test_who_waits_for_a_panel_is_told_when_its_plugin_is_disabled(desk, nursery):
    plugin = await desk.install("wat/panel_loop")
    results = []

    async def ask():
        results.append(await desk.supervisor.panels.render(plugin.id, "01T"))

    await desk.running(plugin.id)
    nursery.start_soon(ask)
    nursery.start_soon(ask)
    await desk.until(lambda: desk.process(plugin.id), lambda view: view.in_flight)
    await desk.supervisor.controls.uninstall(plugin.id, actor="test")
    await desk.until(desk.nothing, lambda _: len(results) == 2)
    assert all(result.url is None and result.error for result in results)


async def test_requests_for_the_same_panel_are_one(open_desk, nursery):
    desk = await open_desk(limits=Limits(deadline_s=2.0))
    plugin = await desk.install("wat/panel_loop")
    await desk.running(plugin.id)
    ticket = await desk.ticket()
    results = []

    async def ask():
        results.append(await desk.supervisor.panels.render(plugin.id, ticket.id))

    for _ in range(20):
        nursery.start_soon(ask)
    await desk.until(desk.nothing, lambda _: len(results) == 20)
    assert {result.error for result in results} == {"the plugin could not show its panel"}
    assert (await desk.supervisor.overview.plugin(plugin.id)).error_count == 1


async def test_an_event_waits_for_one_panel_however_many_are_asked_for(open_desk, nursery):
    desk = await open_desk(limits=Limits(deadline_s=2.0))
    plugin = await desk.install("wat/panel_loop", events=["ticket.created"])
    await desk.running(plugin.id)
    answered = []

    async def ask(number):
        answered.append(await desk.supervisor.panels.render(plugin.id, f"01T{number}"))

    for number in range(20):
        nursery.start_soon(ask, number)
    await desk.until(lambda: desk.process(plugin.id), lambda view: view.in_flight)
    await desk.ticket()
    (delivery,) = await desk.deliveries(plugin.id)
    assert delivery.outcome == "ok"
    assert len(answered) <= 3


async def test_a_panel_that_traps_takes_no_event_away(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/panel_trap", events=["ticket.created"])
    for number in range(12):
        result = await desk.supervisor.panels.render(plugin.id, f"01T{number}")
    assert result.error == "the panel failed too often; it is tried again later"
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert (view.enabled, view.error_count) == (True, 5)
    assert any("the panel is paused for 10 minutes" in line for line in await desk.log(plugin.id))
    await desk.ticket()
    (delivery,) = await desk.deliveries(plugin.id)
    assert delivery.outcome == "ok"


async def test_panels_that_work_do_not_hide_events_that_fail(open_desk):
    desk = await open_desk(health=ErrorThreshold(least=3))
    plugin = await desk.install("wat/panel_multi")
    for number in range(20):
        await desk.supervisor.panels.render(plugin.id, f"01T{number}")
    runner = desk.supervisor.panels._runners.get(plugin.id)
    assert runner.workload._health._passed_count == 0
