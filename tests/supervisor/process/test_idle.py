"""A child that uses the processor with nothing to do is ended."""

import pytest

from supervisor.process import deadline
from supervisor.states import Outcome


async def test_a_child_that_computes_with_nothing_to_do_is_ended(
    open_desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "IDLE_LOOK_S", 0.05)
    monkeypatch.setattr(deadline, "IDLE_CPU_S", 0.5)
    used = iter([0.0, 0.1, 0.9, *[0.9] * 10_000])
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    await desk.running(plugin.id)
    before = (await desk.supervisor.overview.plugin(plugin.id)).pid
    monkeypatch.setattr("supervisor.process.handle.ChildHandle.cpu_s", lambda _self: next(used))
    await desk.ticket()
    assert (await desk.delivery(plugin.id)).outcome is Outcome.OK
    view = await desk.until(lambda: desk.supervisor.overview.plugin(plugin.id), ended(before))
    assert "with nothing to do" in view.last_error


def ended(pid: int):
    return lambda view: view.last_error is not None and view.pid != pid
