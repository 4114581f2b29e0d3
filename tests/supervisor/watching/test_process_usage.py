"""What the operating system says of children."""

import os

import pytest

from supervisor.watching.process_usage import UsageReader, charged_memory

MIB = 1 << 20


async def test_a_child_at_work_is_seen_from_outside(desk):
    plugin = await desk.probe({"do": "alloc", "bytes": 8 * MIB})
    await desk.ticket()
    await desk.settled(plugin.id)
    (pid, folders), *_ = desk.supervisor._parts.runners.children().items()
    usage = (await UsageReader().read({pid: folders}))[pid]
    assert usage.rss_bytes > 8 * MIB
    assert usage.threads >= 1
    assert (
        usage.cpu_percent is None
    )  # a share of the time since the last look, and this is the first
    if usage.uss_bytes is None:
        pytest.skip("this system tells nothing of a child's own memory")
    assert 8 * MIB < usage.uss_bytes < usage.rss_bytes
    charged = charged_memory(folders)
    if charged is None:
        pytest.skip("children have no control group here")
    assert abs(charged - usage.uss_bytes) < 6 * MIB


async def test_a_process_that_is_gone_is_unknown_and_harms_nobody():
    usage = await UsageReader().read({os.getpid(): (), 1 << 22: ()})
    assert usage[1 << 22].rss_bytes is None
    assert usage[os.getpid()].rss_bytes > 0


def test_a_group_that_is_gone_or_says_nothing_has_no_figure(tmp_path):
    assert charged_memory(()) is None
    assert charged_memory((tmp_path / "gone",)) is None
    (tmp_path / "memory.stat").write_text("file 5\nanon 4096\n")
    assert charged_memory((tmp_path / "gone", tmp_path)) == 4096
