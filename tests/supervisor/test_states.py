"""The states of a plugin: each edge that ``docs/states.md`` lists is walked, by a real process."""

import itertools
import os
import re
import signal
from pathlib import Path

import pytest
import structlog

from supervisor.delivery.restart_backoff import RestartRule
from supervisor.states import PluginState

DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"
SLOW = RestartRule(first_delay_s=600.0, longest_delay_s=600.0)


async def another_process(desk, before):
    """Wait until the plugin runs in another process than ``before``."""
    await desk.until(
        lambda: desk.supervisor.overview.plugin(before.id),
        lambda view: view.state == "running" and view.pid != before.pid,
    )


async def enable(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop", enabled=False)
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.running(plugin.id)


async def disable(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    await desk.running(plugin.id)
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, False, actor="test")


async def trap(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/trap")
    before = await desk.running(plugin.id)
    yield desk, plugin
    await desk.ticket()
    await another_process(desk, before)


async def lose_the_process(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    before = await desk.running(plugin.id)
    yield desk, plugin
    os.kill(before.pid, signal.SIGKILL)
    await another_process(desk, before)


async def fail_to_start(open_desk):
    desk = await open_desk(restart=SLOW)
    plugin = await desk.install_broken(enabled=False)
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.state(plugin.id, "backing_off")


async def disable_while_it_waits(open_desk):
    desk = await open_desk(restart=SLOW)
    plugin = await desk.install_broken()
    await desk.state(plugin.id, "backing_off")
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, False, actor="test")


async def crash_in_a_loop(open_desk):
    desk = await open_desk(restart=RestartRule(first_delay_s=0.001, give_up_after=3))
    plugin = await desk.install_broken(enabled=False)
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.state(plugin.id, "failed")


async def fail_most_deliveries(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/trap")
    await desk.running(plugin.id)
    yield desk, plugin
    for _ in range(5):
        await desk.ticket()
    await desk.state(plugin.id, "failed")


async def failed(open_desk):
    """Return a desk and a plugin of it that was switched off for its failures."""
    (walked,) = [each async for each in fail_most_deliveries(open_desk)]
    return walked


async def enable_after_a_failure(open_desk):
    desk, plugin = await failed(open_desk)
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.running(plugin.id)


async def install_after_a_failure(open_desk):
    desk, plugin = await failed(open_desk)
    yield desk, plugin
    await desk.upgrade(plugin.id, "wat/noop", version="2.0.0")


async def disable_while_nothing_runs(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    await desk.running(plugin.id)
    await desk.close()
    desk = await open_desk(run_plugins=False)
    yield desk, plugin
    await desk.supervisor.controls.set_enabled(plugin.id, False, actor="test")


async def restart(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    before = await desk.running(plugin.id)
    yield desk, plugin
    await desk.supervisor.controls.restart(plugin.id, actor="test")
    await another_process(desk, before)


WALKS = {
    ("disabled", "starting"): enable,
    ("starting", "running"): enable,
    ("running", "starting"): trap,
    ("running", "backing_off"): lose_the_process,
    ("backing_off", "starting"): lose_the_process,
    ("starting", "backing_off"): fail_to_start,
    ("running", "stopping"): disable,
    ("stopping", "disabled"): disable,
    ("stopping", "starting"): restart,
    ("backing_off", "stopping"): disable_while_it_waits,
    ("starting", "stopping"): crash_in_a_loop,
    ("stopping", "failed"): fail_most_deliveries,
    ("failed", "starting"): enable_after_a_failure,
    ("failed", "disabled"): install_after_a_failure,
    ("stopped", "disabled"): disable_while_nothing_runs,
}


def documented() -> set[tuple[str, str]]:
    """Return the edges of the table in the document."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| .+ \|$", DOCUMENT.read_text(), re.MULTILINE)
    return set(rows)


async def walked(open_desk, walk) -> set[tuple[str, str]]:
    """Walk, and return every edge that was passed, by the supervisor's own log and its view."""
    with structlog.testing.capture_logs() as said:
        async for desk, plugin in walk(open_desk):
            states = [(await desk.supervisor.overview.plugin(plugin.id)).state.value]
            said.clear()
        for line in said:
            if line["event"] == "plugin_state" and line["plugin"] == plugin.id:
                states += [line["was"], line["now"]]
        states.append((await desk.supervisor.overview.plugin(plugin.id)).state.value)
    return {(a, b) for a, b in itertools.pairwise(states) if a != b}


def test_every_edge_that_is_documented_is_walked_and_the_other_way_round():
    assert documented() == set(WALKS)
    assert {state for edge in WALKS for state in edge} == {state.value for state in PluginState}


@pytest.mark.parametrize("edge", WALKS, ids=lambda edge: f"{edge[0]} to {edge[1]}")
async def test_a_plugin_goes_from(edge, open_desk):
    edges = await walked(open_desk, WALKS[edge])
    assert edge in edges
    assert edges <= documented()
