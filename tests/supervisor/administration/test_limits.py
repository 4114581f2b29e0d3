"""An admin gives one plugin limits of its own; the others keep those of config.toml."""

import dataclasses
import math
from functools import partial

import pytest
import trio

from helpdesk.actors import SYSTEM
from supervisor.config import SupervisorConfig
from supervisor.errors import LimitsInvalid, PluginNotFound
from supervisor.limits import DEFAULT_LIMITS, MIB, Limits
from supervisor.plugins.limits import TABLE, LimitsInForce, check_overrides, read_number
from supervisor.states import Outcome

FAST = {"deadline_s": 0.5}


async def limit(desk, plugin_id, **overrides):
    return await desk.supervisor.controls.set_limits(plugin_id, overrides, actor=desk.admin.id)


def shown(view):
    return {one.name: (one.value, one.is_overridden) for one in view.limits}


async def outcomes(desk, plugin_id, count):
    return [d.outcome for d in await desk.deliveries(plugin_id, count)]


def kept_code(desk):
    """Return each file of compiled code by what would be another had it been written again."""
    found = sorted((file.name, file.stat().st_ino) for file in (desk.path / "compiled").iterdir())
    assert found
    return found


async def test_a_guest_gets_the_memory_that_it_needs_without_a_restart_by_hand(open_desk):
    desk = await open_desk(limits=Limits(memory_bytes=8 * MIB))
    plugin = await desk.probe({"do": "alloc", "bytes": 20 * MIB})
    first = (await desk.running(plugin.id)).pid
    await desk.ticket()
    assert await outcomes(desk, plugin.id, 1) == [Outcome.TRAP]
    view = await limit(desk, plugin.id, memory_mib=40)
    assert shown(view)["memory_mib"] == (40, True)
    assert (await desk.running(plugin.id)).pid != first
    assert (await desk.process(plugin.id)).guest_memory_limit_bytes == 40 * MIB
    await desk.ticket()
    assert (await outcomes(desk, plugin.id, 2))[1] is Outcome.OK
    document = await desk.supervisor.deliveries.document(
        plugin.id, (await desk.deliveries(plugin.id, 2))[1].id
    )
    assert document.limits["memory_bytes"] == 40 * MIB
    await limit(desk, plugin.id, memory_mib=None)
    await desk.ticket()
    assert (await outcomes(desk, plugin.id, 3))[2] is Outcome.TRAP


async def test_two_plugins_have_different_deadlines(open_desk):
    desk = await open_desk(limits=Limits(deadline_s=20.0))
    loops = await desk.install("wat/loop", events=["ticket.created"])
    other = await desk.install("wat/noop", events=["ticket.created"])
    await limit(desk, loops.id, **FAST)
    await desk.running(loops.id)
    await desk.ticket()
    (delivery,) = await desk.deliveries(loops.id)
    assert delivery.outcome is Outcome.TIMEOUT
    assert delivery.duration_ms < 15_000
    assert await outcomes(desk, other.id, 1) == [Outcome.OK]
    assert shown(await desk.supervisor.overview.plugin(other.id))["deadline_s"] == (20, False)


async def test_requests_and_their_sizes_are_those_of_the_plugin(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.answer = b"x" * 600_000
    step = {"do": "http", "url": stand_in.url}
    plugin = await desk.probe(step, step, step)
    await limit(desk, plugin.id, http_requests=2, http_response_mib=0.5)
    await desk.running(plugin.id)
    await desk.ticket()
    calls = (await desk.delivery(plugin.id)).host_calls
    assert [call["status"] for call in calls] == [0, 0, 0]
    assert "524" in calls[0]["detail"]
    assert "more than 2 HTTP requests" in calls[2]["detail"]
    assert len(stand_in.requests) == 2
    await limit(desk, plugin.id, http_response_mib=1)
    await desk.ticket()
    calls = (await desk.deliveries(plugin.id, 2))[1].host_calls
    assert [call["status"] for call in calls] == [200, 200, 0]


async def test_calls_and_lines_are_those_of_the_plugin(desk):
    line = {"do": "repeat", "times": 5, "step": {"do": "log", "text": "a" * 400}}
    field = {"do": "repeat", "times": 5, "step": {"do": "field", "key": "k", "value": "v"}}
    plugin = await desk.probe(line, field)
    await limit(desk, plugin.id, log_lines=2, log_line_kib=0.25, host_calls=3)
    await desk.ticket()
    assert len((await desk.delivery(plugin.id)).host_calls) == 3
    await desk.settled(plugin.id)
    said = await desk.log(plugin.id)
    assert said.count("a" * 256) == 2
    assert any("more log lines of this event were dropped" in text for text in said)


async def test_a_payload_that_is_too_large_for_this_plugin_is_dropped_for_it_alone(desk):
    schema = {name: {"type": "string", "label": name} for name in "abcde"}
    config = {name: name * 65_000 for name in schema}
    small = await desk.install("wat/noop", config, config_schema=schema)
    other = await desk.install("wat/noop", config, config_schema=schema, id="org.example.other")
    await limit(desk, small.id, payload_mib=0.25)
    await desk.ticket()
    assert await outcomes(desk, small.id, 1) == [Outcome.DROPPED]
    assert await outcomes(desk, other.id, 1) == [Outcome.OK]


async def test_what_is_in_flight_finishes_under_the_limits_that_it_began_with(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    await desk.ticket()
    await stand_in.wait()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(limit, desk, plugin.id, http_requests=0))
        await desk.state(plugin.id, "stopping")
        stand_in.release()
    assert (await desk.delivery(plugin.id)).host_calls[0]["status"] == 200
    await desk.ticket()
    assert (await desk.deliveries(plugin.id, 2))[1].host_calls[0]["status"] == 0


async def test_limits_stay_over_versions_and_restarts_and_go_with_the_plugin(desk, open_desk):
    plugin = await desk.install("wat/noop", enabled=False)
    await limit(desk, plugin.id, deadline_s=2.5, host_calls=7)
    await desk.upgrade(plugin.id, "wat/noop", version="2.0.0")
    await desk.accept(plugin.id, plugin.sha256)
    await desk.close()
    desk = await open_desk(limits=Limits(deadline_s=3.0, log_lines=5))
    limits = shown(await desk.supervisor.overview.plugin(plugin.id))
    assert limits["deadline_s"] == (2.5, True)
    assert limits["host_calls"] == (7, True)
    assert limits["log_lines"] == (5, False)
    await desk.supervisor.controls.uninstall(plugin.id, actor="test")
    again = await desk.install("wat/noop", enabled=False)
    assert not any(one.is_overridden for one in again.limits)


async def test_the_operator_sets_the_stack_for_all_plugins_and_compiled_code_is_not_lost(open_desk):
    desk = await open_desk(limits=Limits(wasm_stack_bytes=2 * MIB))
    plugin = await desk.install("wat/deep", events=["ticket.created"])
    await desk.ticket()
    assert await outcomes(desk, plugin.id, 1) == [Outcome.OK]
    desk.supervisor.reconfigure(SupervisorConfig(data_directory=desk.path))
    await desk.supervisor.controls.restart(plugin.id, actor="test")
    await desk.ticket()
    assert await outcomes(desk, plugin.id, 2) == [Outcome.OK, Outcome.OK]
    compiled = kept_code(desk)
    await desk.close()
    desk = await open_desk()
    await desk.ticket()
    assert (await outcomes(desk, plugin.id, 3))[2] is Outcome.TRAP
    assert kept_code(desk) == compiled


async def test_new_settings_of_the_operator_leave_an_admins_limits_alone(desk):
    plugin = await desk.install("wat/noop", enabled=False)
    await limit(desk, plugin.id, memory_mib=32)
    config = SupervisorConfig(data_directory=desk.path)
    desk.supervisor.reconfigure(
        dataclasses.replace(config, limits=Limits(deadline_s=9.0, memory_bytes=128 * MIB))
    )
    limits = {one.name: one for one in (await desk.supervisor.overview.plugin(plugin.id)).limits}
    assert (limits["memory_mib"].value, limits["memory_mib"].default) == (32, 128)
    assert (limits["deadline_s"].value, limits["deadline_s"].is_overridden) == (9, False)


async def test_a_change_is_on_record_and_one_that_changes_nothing_is_not(desk):
    plugin = await desk.install("wat/noop")
    pid = (await desk.running(plugin.id)).pid
    await limit(desk, plugin.id, memory_mib=None)
    assert (await desk.supervisor.overview.plugin(plugin.id)).pid == pid
    await limit(desk, plugin.id, memory_mib=32, deadline_s=1)
    await limit(desk, plugin.id, memory_mib=None, deadline_s=1.0)
    page = await desk.helpdesk.audit.list(SYSTEM, per_page=2)
    last, before = page.rows
    assert {last.action, before.action} == {"plugin.limits_changed"}
    assert last.changes == {"memory_mib": {"from": 32, "to": None}}
    assert before.changes["deadline_s"] == {"from": None, "to": 1}
    assert before.actor_id == desk.admin.id


async def test_what_does_not_fit_is_named_and_changes_nothing(desk):
    plugin = await desk.install("wat/memory_grower", enabled=False)
    with pytest.raises(LimitsInvalid) as caught:
        await limit(desk, plugin.id, deadline_s=1, memory_mib=1, colour=3, log_lines=2.5)
    assert caught.value.problems.keys() == {"memory_mib", "colour", "log_lines"}
    assert "starts with 1.25 MiB" in caught.value.problems["memory_mib"]
    assert not any(
        one.is_overridden for one in (await desk.supervisor.overview.plugin(plugin.id)).limits
    )
    with pytest.raises(PluginNotFound):
        await limit(desk, "org.example.missing", deadline_s=1)


@pytest.mark.parametrize("name", TABLE)
def test_each_limit_has_bounds_around_its_default(name):
    one = TABLE[name]
    assert one.least <= one.of(DEFAULT_LIMITS) <= one.most
    for value in (one.least, one.most):
        assert check_overrides("p", {name: value}, {}) == {name: value}
    for value in (-1, one.least - 0.01, one.most + 1, 10**400, math.inf, math.nan, True, "5"):
        with pytest.raises(LimitsInvalid):
            check_overrides("p", {name: value}, {})


def test_what_another_version_of_the_help_desk_saved_cannot_leave_the_bounds():
    saved = {"memory_mib": 1_000_000, "deadline_s": 0.0, "gone_since": 3}
    found = LimitsInForce(DEFAULT_LIMITS).of(saved)
    assert (found.memory_bytes, found.deadline_s) == (1024 * MIB, 0.1)
    assert check_overrides("p", {}, saved) == {"memory_mib": 1_000_000, "deadline_s": 0.0}


def test_a_child_has_room_for_its_largest_message():
    wide = LimitsInForce(DEFAULT_LIMITS).of({"payload_mib": 16})
    assert wide.child_data_bytes > DEFAULT_LIMITS.child_data_bytes


@pytest.mark.parametrize(("text", "number"), [("128", 128), (" 0.5 ", 0.5), ("2.0", 2), ("-1", -1)])
def test_a_number_is_read_as_people_type_it(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "many", "1e3", "1_000", "nan", "0x10", "1,5", "٣"])
def test_what_is_no_number_is_quoted(text):
    with pytest.raises(ValueError, match="expected a number"):
        read_number(text)
