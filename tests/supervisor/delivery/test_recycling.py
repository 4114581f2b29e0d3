"""A guest whose memory is nearly full gets a new process before it fails."""

from supervisor.limits import MIB, Limits
from supervisor.states import Outcome


async def test_a_plugin_near_its_memory_limit_gets_a_new_process_and_no_event_fails(open_desk):
    desk = await open_desk(limits=Limits(memory_bytes=16 * MIB))
    plugin = await desk.probe({"do": "alloc", "bytes": 1_000_000})
    for _ in range(40):
        await desk.ticket()
    deliveries = await desk.deliveries(plugin.id, 40)
    assert {d.outcome for d in deliveries} == {Outcome.OK}
    assert max(d.memory_bytes for d in deliveries) <= 16 * MIB
    view = await desk.process(plugin.id)
    assert 2 <= view.restarts <= 10
    assert view.errors == 0
    notes = [line for line in await desk.log(plugin.id) if "a new process takes over" in line]
    assert len(notes) >= 2


async def test_a_plugin_that_leaves_in_every_event_fails_none_and_counts_no_restart(desk):
    # As a C program that calls exit(0): its stack pointer stays wherever the call left it.
    plugin = await desk.install("wat/exit_deep")
    for _ in range(12):
        await desk.ticket()
    deliveries = await desk.deliveries(plugin.id, 12)
    assert [d.outcome for d in deliveries] == [Outcome.OK] * 12
    view = await desk.process(plugin.id)
    assert (view.restarts, view.errors) == (0, 0)
