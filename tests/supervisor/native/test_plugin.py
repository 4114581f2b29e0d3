"""Plugins built with HashiCorp's own go-plugin, in their cage, through their bridge."""

import json
import os

import pytest
import trio

from supervisor.limits import Limits
from supervisor.native.errors import CallFailed
from supervisor.native.limits import NativeLimits


@pytest.fixture(params=["netrpc", "grpc"], ids=["netrpc", "grpc"])
def both(request, program):
    """The same plugin over either protocol."""
    return program("netrpc", "" if request.param == "netrpc" else "grpc")


async def ask(plugin, function, /, **arguments):
    return json.loads(await plugin.call(function, json.dumps(arguments).encode(), 20.0))


async def gone(pid: int) -> None:
    with trio.fail_after(120):
        while os.path.exists(f"/proc/{pid}"):  # noqa: ASYNC110, ASYNC240, PTH110 - in memory
            await trio.sleep(0.005)


async def test_a_real_plugin_registers_begins_and_answers(stage, both):
    async with stage.open(both) as plugin:
        manifest = json.loads(await plugin.register())
        await plugin.init({"plugin_name": "native"})
        answer = await ask(plugin, "hello", text="Ada")
    assert manifest["name"] == "native"
    assert manifest["routes"][0]["handler"] == "hello"
    assert answer == {"hello": "Ada", "plugin": "native", "rows": [{"n": 1}]}
    ((name, arguments),) = stage.calls
    assert name == "db_query"
    assert json.loads(arguments)["query"] == "SELECT 1"


async def test_the_first_generation_registers_by_a_structure(stage, program):
    async with stage.open(program("generation_a")) as plugin:
        manifest = json.loads(await plugin.register())
        await plugin.init({})
        assert json.loads(await plugin.call("hello", b"", 20.0)) == "hello"
    assert manifest["Name"] == "first"
    assert manifest["MenuItems"] == [{"ID": "a", "Order": 2, "Children": [{"ID": "b"}]}]
    assert manifest["Widgets"][0]["RefreshSec"] == 60
    assert manifest["I18n"]["Translations"] == {"en": {"hello": "Hello"}}


async def test_an_error_of_the_plugin_is_an_answer_and_it_lives_on(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        assert await ask(plugin, "nope") == {"error": "unknown function: nope", "status": 500}
        assert (await ask(plugin, "hello", text="x"))["hello"] == "x"


async def test_a_refused_host_call_tells_the_plugin_why(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        answer = await ask(plugin, "host", text="send_email", args={"to": "x"})
    assert answer["error"] == "send_email was not granted"


async def test_host_calls_of_many_goroutines_are_all_answered(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        assert await ask(plugin, "hosts", count=50) == {"failed": 0}


async def test_more_host_calls_than_one_call_may_make_are_refused(stage, both):
    async with stage.open(both, limits=Limits(deadline_s=20.0, host_calls=10)) as plugin:
        await plugin.init({})
        assert await ask(plugin, "hosts", count=15) == {"failed": 5}
        assert await ask(plugin, "hosts", count=10) == {"failed": 0}


async def test_settings_that_it_refuses_are_the_reason_that_is_given(stage, both):
    async with stage.open(both) as plugin:
        with pytest.raises(CallFailed, match="zinc_url is missing"):
            await plugin.init({"fail": "zinc_url is missing"})


async def test_what_it_prints_becomes_log_lines(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        await ask(plugin, "print", text="one")
        await ask(plugin, "hello")
    assert {"out: one", "err: one"} <= set(stage.lines)


async def test_a_large_answer_arrives_whole_and_a_larger_one_is_refused(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        assert len(await ask(plugin, "large", size=3_000_000)) == 3_000_000
        with pytest.raises(CallFailed, match=r"5,000,0\d\d bytes; at most"):
            await ask(plugin, "large", size=5_000_000)


async def test_a_plugin_finishes_and_its_program_ends_by_itself(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        pids = plugin.pids
        await plugin.shutdown()
    for pid in pids:
        await gone(pid)


@pytest.mark.parametrize("function", ["spin", "sleep"])
async def test_a_call_that_does_not_end_ends_both_processes(stage, both, function):
    async with stage.open(both) as plugin:
        await plugin.init({})
        pids = plugin.pids
        began = trio.current_time()
        with pytest.raises(CallFailed, match=r"did not end within 1\.5 s") as failed:
            await plugin.call(function, b"", 1.5)
        # The call before it had 20 s.
        assert trio.current_time() - began < 20
        assert failed.value.outcome == "timeout"
        for pid in pids:
            await gone(pid)


@pytest.mark.parametrize(("function", "words"), [("panic", "as a bug does"), ("exit", "status 3")])
async def test_a_crash_is_told_with_its_reason(stage, both, function, words):
    async with stage.open(both) as plugin:
        await plugin.init({})
        pids = plugin.pids
        with pytest.raises(CallFailed, match=words):
            await plugin.call(function, b"", 20.0)
        for pid in pids:
            await gone(pid)


@pytest.mark.parametrize("which", [0, 1])
async def test_where_one_process_is_killed_the_other_ends(stage, both, which):
    async with stage.open(both) as plugin:
        await plugin.init({})
        os.kill(plugin.pids[which], 9)
        with trio.fail_after(120):
            await plugin.over.wait()
        for pid in plugin.pids:
            await gone(pid)
        with pytest.raises(CallFailed):
            await plugin.call("hello", b"", 20.0)


async def test_memory_beyond_its_limit_ends_it(stage, both):
    async with stage.open(both, native=NativeLimits(memory_bytes=200 << 20)) as plugin:
        await plugin.init({})
        assert await ask(plugin, "allocate", size=10 << 20) == 10 << 20
        with pytest.raises(CallFailed):
            await ask(plugin, "allocate", size=400 << 20)


async def test_no_folder_is_left_behind(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        (folder,) = {
            name.partition("=")[2]
            for name in await ask(plugin, "environment")
            if name.startswith("TMPDIR=")
        }
        assert await trio.Path(folder).is_dir()
    assert not await trio.Path(folder).exists()


async def test_it_finds_nothing_of_the_machine(stage, both):
    async with stage.open(both) as plugin:
        await plugin.init({})
        environment = await ask(plugin, "environment")
        files = await ask(plugin, "files")
        number = await ask(plugin, "pid")
        user = await ask(plugin, "uid")
    assert {entry.partition("=")[0] for entry in environment} == {
        "GOATKIT_PLUGIN",
        "PLUGIN_PROTOCOL_VERSIONS",
        "PLUGIN_MIN_PORT",
        "PLUGIN_MAX_PORT",
        "PLUGIN_UNIX_SOCKET_DIR",
        "PLUGIN_CLIENT_CERT",
        "TMPDIR",
    }
    assert set(files.values()) == {"no"}
    if "pid_namespace" in plugin.program_controls:
        assert number == 1
    if os.geteuid() == 0:
        assert user >= 64_000
    assert {"seccomp", "landlock", "rlimits", "no_new_privs"} <= set(plugin.program_controls)
    assert {"seccomp", "landlock", "rlimits", "no_new_privs"} <= set(plugin.controls)


async def test_a_reserved_name_cannot_be_called(stage, both):
    async with stage.open(both) as plugin:
        with pytest.raises(ValueError, match="__init__"):
            await plugin.call("__init__", b"{}", 20.0)
