"""What a program prints beside go-plugin's streams: all of it, also what it left in its pipes."""

import os

import trio
import trio.testing

from supervisor.native.limits import NativeLimits
from supervisor.native.printed import Printed


async def test_what_an_ended_process_left_in_its_pipe_is_told():
    told: list[str] = []
    reading, writing = os.pipe()
    printed = Printed(NativeLimits(lines=1000), told.append)
    async with trio.lowlevel.FdStream(reading) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(printed.drain, stream)
        await trio.testing.wait_all_tasks_blocked()
        os.write(writing, b"line\n" * 500 + b"the last one")
        os.close(writing)
        # As where the block around a program is left: nothing has been read yet.
        nursery.cancel_scope.cancel()
        await printed.finish()
    assert told == ["line"] * 500 + ["the last one"]


async def test_few_lines_are_told_however_many_there_are():
    told: list[str] = []
    reading, writing = os.pipe()
    printed = Printed(NativeLimits(lines=3, line_bytes=5), told.append)
    async with trio.lowlevel.FdStream(reading) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(printed.drain, stream)
        await trio.testing.wait_all_tasks_blocked()
        os.write(writing, b"first line\n" * 1000)
        os.close(writing)
        await printed.finish()
    assert told == ["first"] * 3
    assert printed.last().count("first") == 5


async def test_a_pipe_that_somebody_holds_open_is_not_waited_for_long(autojump_clock):
    reading, writing = os.pipe()
    printed = Printed(NativeLimits(), lambda _line: None)
    async with trio.lowlevel.FdStream(reading) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(printed.drain, stream)
        await trio.testing.wait_all_tasks_blocked()
        await printed.finish()
    os.close(writing)
