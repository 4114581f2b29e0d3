"""What plugins logged: by level, from a line on, and as it comes."""

import pytest
import trio

from supervisor.errors import PluginNotFound, UnknownLevel

LEVELS = ("debug", "info", "warn", "error")


async def logging_plugin(desk, plugin_id="com.example.a"):
    steps = [{"do": "log", "level": i, "text": f"a {level}"} for i, level in enumerate(LEVELS)]
    return await desk.probe(*steps, id=plugin_id)


async def test_a_level_is_that_one_and_above(desk):
    plugin = await logging_plugin(desk)
    await desk.ticket()
    await desk.delivery(plugin.id)
    for count, level in enumerate(reversed(LEVELS), start=1):
        lines = await desk.supervisor.logs.read(plugin.id, level=level)
        assert [line.level for line in lines] == list(LEVELS[-count:])
    assert [line.message for line in await desk.supervisor.logs.read(level="error")] == ["a error"]
    with pytest.raises(UnknownLevel, match="'loud' is not a log level; expected one of debug"):
        await desk.supervisor.logs.read(plugin.id, level="loud")


async def test_lines_behind_one_come_oldest_first_and_the_newest_otherwise(desk):
    plugin = await logging_plugin(desk)
    await desk.ticket()
    await desk.delivery(plugin.id)
    every = await desk.supervisor.logs.read(plugin.id)
    assert [line.id for line in every] == sorted(line.id for line in every)
    assert list(await desk.supervisor.logs.read(plugin.id, limit=2)) == list(every[-2:])
    assert list(await desk.supervisor.logs.read(plugin.id, after=every[0].id, limit=2)) == list(
        every[1:3]
    )
    assert list(await desk.supervisor.logs.read(after=every[-1].id)) == []
    grave = await desk.supervisor.logs.read(plugin.id, after=every[0].id, level="warn")
    assert [line.level for line in grave] == ["warn", "error"]


async def test_who_waits_for_lines_is_told_of_his_plugin_alone(desk):
    mine = await logging_plugin(desk)
    other = await logging_plugin(desk, "com.example.b")
    await desk.ticket()
    await desk.settled(mine.id, other.id)
    last = (await desk.supervisor.logs.read(mine.id))[-1].id
    newest = (await desk.supervisor.logs.read())[-1].id
    await desk.supervisor.controls.set_enabled(mine.id, False, actor="test")
    told = []

    async def wait(plugin_id, after):
        await desk.supervisor.logs.wait(plugin_id, after)
        told.append(plugin_id)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, mine.id, last)
        nursery.start_soon(wait, None, newest)
        await desk.ticket()
        await desk.settled(other.id)
        await desk.until(desk.nothing, lambda _: told)
        assert told == [None]
        await desk.supervisor.controls.set_enabled(mine.id, True, actor="test")
        await desk.ticket()
        await desk.until(desk.nothing, lambda _: len(told) == 2)
    assert [line.plugin_id for line in await desk.supervisor.logs.read(mine.id, after=last)] == [
        mine.id
    ] * 4


async def test_who_waits_for_lines_that_are_there_does_not_wait(desk):
    plugin = await logging_plugin(desk)
    await desk.ticket()
    await desk.delivery(plugin.id)
    last = (await desk.supervisor.logs.read(plugin.id))[-1].id
    await desk.supervisor.logs.wait(plugin.id, last - 1)
    with pytest.raises(PluginNotFound):
        await desk.supervisor.logs.wait("com.example.none", 0)
