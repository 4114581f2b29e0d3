"""When a child is started again, how long that waits, and when it ends."""

import os
import random
import signal

import pytest

from supervisor.delivery.restart_backoff import RestartPolicy, RestartRule
from supervisor.states import Outcome, PluginState


def policy(**rule):
    return RestartPolicy(RestartRule(**rule), random.Random(7))


@pytest.mark.parametrize(
    "outcome", [Outcome.OK, Outcome.TRAP, Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY, Outcome.EXIT]
)
def test_a_failure_of_the_guest_is_not_waited_out(outcome):
    assert policy().after(outcome, lived_s=0.0) == 0.0


@pytest.mark.parametrize("outcome", [Outcome.START_FAILED, Outcome.LOST, Outcome.PROTOCOL])
def test_each_failure_of_the_process_in_a_row_doubles_the_delay(outcome):
    waits = policy(first_delay_s=1.0, longest_delay_s=5.0, give_up_after=9)
    delays = [waits.after(outcome, lived_s=0.0) for _ in range(8)]
    for delay, expected in zip(delays, [1, 2, 4, 5, 5, 5, 5, 5], strict=True):
        assert 0.75 * expected <= delay <= 1.25 * expected
    assert len(set(delays)) == 8, "without jitter all plugins would start at the same moment"
    assert waits.after(outcome, lived_s=0.0) is None


def test_a_successful_delivery_resets_the_back_off():
    waits = policy(give_up_after=2)
    assert waits.after(Outcome.LOST, lived_s=0.0) is not None
    waits.delivered()
    assert waits.after(Outcome.LOST, lived_s=0.0) is not None
    assert waits.after(Outcome.LOST, lived_s=0.0) is None


def test_a_child_that_lived_long_ends_the_row():
    waits = policy(give_up_after=2, steady_s=60.0)
    for _ in range(5):
        assert waits.after(Outcome.LOST, lived_s=61.0) is not None


@pytest.mark.parametrize("guest_name", ["wat/starts_with_room", "wat/command_with_room"])
async def test_a_plugin_that_never_starts_is_disabled_and_the_admins_are_notified(desk, guest_name):
    plugin = await desk.install_broken(guest_name)
    view = await desk.state(plugin.id, PluginState.FAILED)
    assert not view.enabled
    assert view.state_reason == "its process failed 8 times in a row"
    assert view.error_count == 8
    assert view.last_error
    assert view.pid is None
    (notice,) = await desk.until(desk.notices, len)
    assert notice.title == f"The plugin {view.name} was disabled"
    assert "8 times in a row" in notice.body
    assert notice.link == f"/admin/plugins/{plugin.id}"


async def test_it_can_be_switched_on_again(desk):
    plugin = await desk.install_broken()
    await desk.state(plugin.id, PluginState.FAILED)
    fixed = await desk.upgrade(plugin.id, "wat/noop", version="1.0.1")
    await desk.supervisor.controls.set_enabled(plugin.id, True, actor="test")
    await desk.running(fixed.id)
    await desk.ticket()
    assert (await desk.delivery(fixed.id)).outcome is Outcome.OK


async def test_a_process_that_is_killed_again_and_again_is_not_restarted_forever(desk):
    plugin = await desk.install("wat/noop")
    killed = set()
    while (view := await desk.supervisor.overview.plugin(plugin.id)).enabled:
        if view.state is PluginState.RUNNING and view.pid not in killed:
            killed.add(view.pid)
            os.kill(view.pid, signal.SIGKILL)
        await desk.breathe()
    assert len(killed) == 8
    assert (await desk.state(plugin.id, PluginState.FAILED)).state_reason
