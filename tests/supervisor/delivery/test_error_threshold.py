"""A plugin that fails too often is switched off; one that fails now and then is not."""

import pytest

from supervisor.delivery.error_threshold import ErrorThreshold, Health
from supervisor.limits import Limits
from supervisor.states import Outcome, PluginState


def test_nothing_is_decided_on_few_deliveries():
    health = Health(ErrorThreshold(least=5))
    assert [health.failed(now=float(n)) for n in range(4)] == [None] * 4
    assert "5 of 5" in health.failed(now=5.0)


def test_exactly_half_is_not_more_than_half():
    health = Health(ErrorThreshold(threshold=0.5, least=1))
    health.passed(5, now=0.0)
    assert [health.failed(now=1.0) for _ in range(5)] == [None] * 5
    reason = health.failed(now=1.0)
    assert reason == "6 of 11 deliveries failed within 10 minutes, more than 50%"


def test_what_lies_outside_the_window_is_forgotten():
    health = Health(ErrorThreshold(window_s=600.0, least=5))
    for _ in range(4):
        assert health.failed(now=0.0) is None
    assert health.failed(now=601.0) is None
    # And good deliveries of long ago do not outweigh today's errors.
    health = Health(ErrorThreshold(window_s=600.0, least=5))
    health.passed(1000, now=0.0)
    assert [health.failed(now=700.0) for _ in range(4)] == [None] * 4
    assert health.failed(now=700.0) is not None


def test_the_window_of_a_busy_plugin_stays_small():
    health = Health(ErrorThreshold())
    for number in range(100_000):
        health.passed(10, now=number / 1000)
    assert len(health._passed) <= 101


async def test_a_plugin_whose_deliveries_keep_failing_is_disabled_with_a_notice(open_desk):
    desk = await open_desk(health=ErrorThreshold(least=4))
    plugin = await desk.install("wat/trap")
    for _ in range(10):
        await desk.ticket()
    view = await desk.state(plugin.id, PluginState.FAILED)
    assert not view.enabled
    assert view.state_reason.startswith("4 of 4 deliveries failed")
    deliveries = await desk.deliveries(plugin.id, 4)
    assert [d.outcome for d in deliveries[:4]] == [Outcome.TRAP] * 4
    assert {d.outcome for d in deliveries[4:]} <= {Outcome.DROPPED}
    (notice,) = await desk.until(desk.notices, len)
    reason, *errors = notice.body.splitlines()
    assert "4 of 4 deliveries failed" in reason
    (error,) = errors
    assert error.startswith("ticket.created: trap: ")
    assert "unreachable" in error
    assert error.endswith("(4 times)")


async def test_the_notice_has_each_kind_of_error_with_the_newest_first(open_desk):
    desk = await open_desk(health=ErrorThreshold(least=3), limits=Limits(deadline_s=3.0))
    plugin = await desk.probe({"do": "trap"})
    for _ in range(2):
        await desk.ticket()
        await desk.settled(plugin.id)
    await desk.steps(plugin.id, {"do": "loop"})
    await desk.ticket()
    await desk.state(plugin.id, PluginState.FAILED)
    (notice,) = await desk.until(desk.notices, len)
    _, newest, older = notice.body.splitlines()
    assert newest.startswith("ticket.created: timeout: ")
    assert older.startswith("ticket.created: trap: ")
    assert older.endswith("(2 times)")


async def test_a_plugin_that_fails_every_other_time_stays(open_desk):
    desk = await open_desk(health=ErrorThreshold(least=4))
    plugin = await desk.probe()
    for _ in range(4):
        await desk.steps(plugin.id)
        await desk.ticket()
        await desk.settled(plugin.id)
        await desk.steps(plugin.id, {"do": "trap"})
        await desk.ticket()
        await desk.settled(plugin.id)
    assert (await desk.supervisor.overview.plugin(plugin.id)).enabled
    assert len(await desk.deliveries(plugin.id, 8)) == 8


@pytest.mark.parametrize("guest_name", ["wat/panel_trap", "wat/panel_foreign_host"])
async def test_a_panel_that_fails_counts_as_an_error(desk, guest_name):
    plugin = await desk.install(guest_name)
    ticket = await desk.ticket()
    await desk.settled(plugin.id)
    result = await desk.supervisor.panels.render(plugin.id, ticket.id)
    assert result.url is None
    assert result.error == "the plugin could not show its panel"
    view = await desk.supervisor.overview.plugin(plugin.id)
    assert view.error_count == 1
    assert view.last_error.startswith("panel: trap")
