"""Programs that lie, flood, or try to get out: each ends with a sentence that says why."""

import os
import re

import pytest
import trio

from supervisor.limits import Limits
from supervisor.native.errors import CallFailed, StartFailed
from supervisor.native.limits import NativeLimits

AT_ITS_START = {
    "gone": "ended at its start: exit status 7; it printed: this program is no plugin",
    "gigabyte": "first line has more than 4,096 bytes",
    "chatter": "first line is 'Hello, world!'; expected go-plugin's",
    "core": "version of go-plugin's protocol is '2'; expected '1'",
    "contract": "version of the plugin's contract is '9'; expected '1'",
    "tcp": "network is 'tcp'; expected 'unix'",
    "soap": "protocol is 'soap'; expected 'netrpc' or 'grpc'",
    "certificate": "certificate is not base64",
    "multiplexed": "multiplexes its connections; nobody asked it to",
    "elsewhere": "listens on '/run/docker.sock'; expected a socket in PLUGIN_UNIX_SOCKET_DIR",
    "upwards": "expected a socket in PLUGIN_UNIX_SOCKET_DIR",
    "missing": "the socket that it named is not there",
    "file": "named something that is no socket",
    "link": "symlink .*operation not permitted",
    "hardlink": "link .*operation not permitted",
    "write": "file too large|SIGXFSZ",
    "folders": "mkdir .*operation not permitted",
    "exec": "fork/exec /bin/true: operation not permitted|no such file",
    "itself": "operation not permitted|no such file",
    "fork": "fork: operation not permitted",
    "daemon": "setsid: operation not permitted",
    "memfd": "memfd: operation not permitted",
    "internet": "address family not supported",
    "mprotect": "function not implemented",
    "shared": "function not implemented",
    "signal": "operation not permitted",
}
ON_ITS_CONNECTION = {
    "close": "closed its connection",
    "streams": "more than 64 streams",
    "overflow": "overflows the window",
    "beyond": "200000000 bytes in a frame",
    "types": "more than 128 types",
    "cycle": "nested more than 32 deep",
    "values": "more than 50,000 values",
    "length": "a message of 2,147,483,648 bytes",
    "text": "a length of 2,147,483,648",
    "http": "a frame of version 72",
}


@pytest.mark.parametrize("mode", AT_ITS_START)
async def test_a_program_that_does_not_become_a_plugin_is_told_why(stage, program, mode):
    with pytest.raises(StartFailed) as failed:
        async with stage.open(program("hostile", mode)):
            pytest.fail("it became one")
    assert re.search(AT_ITS_START[mode], str(failed.value)), str(failed.value)
    assert len(str(failed.value)) < 2_000


@pytest.mark.parametrize("mode", ON_ITS_CONNECTION)
async def test_a_program_that_breaks_the_protocol_is_ended(stage, program, mode):
    with pytest.raises(CallFailed) as failed:
        async with stage.open(program("hostile", mode)):
            pytest.fail("it was believed")
    assert re.search(ON_ITS_CONNECTION[mode], str(failed.value)), str(failed.value)


async def test_a_folder_with_too_long_a_path_is_refused_with_what_to_do(
    stage, program, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("x" * 80)))
    with pytest.raises(StartFailed, match="set TMPDIR"):
        async with stage.open(program("netrpc")):
            pytest.fail("it listens nowhere")


async def test_a_program_that_says_nothing_is_given_up(stage, program):
    with pytest.raises(StartFailed, match="did not say within 3 s where it listens"):
        async with stage.open(program("hostile", "silent"), native=NativeLimits(start_s=3.0)):
            pytest.fail("it said something")


@pytest.mark.parametrize("mode", ["mute", "pings", "output"])
async def test_a_program_that_never_answers_is_given_up(stage, program, mode):
    with pytest.raises(CallFailed, match=r"did not start within 5 s|more answers than it reads"):
        async with stage.open(program("hostile", mode), limits=Limits(deadline_s=3.0)):
            pytest.fail("it answered")


async def test_a_plugin_that_does_not_finish_is_ended(stage, program):
    async with stage.open(program("netrpc"), native=NativeLimits(shutdown_s=1.0)) as plugin:
        await plugin.init({"stay": "yes"})
        began = trio.current_time()
        await plugin.shutdown()
        assert trio.current_time() - began < 60
        pids = plugin.pids
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]  # noqa: ASYNC240, PTH110


async def test_whom_a_plugin_calls_itself_is_passed_over(stage, program):
    async with stage.open(program("netrpc")) as plugin:
        await plugin.init({})
        # It says that it is "another plugin"; nothing of that arrives.
        await plugin.call("host", b'{"text":"time_now","args":{"a":1}}', 20.0)
    assert stage.calls[-1] == ("time_now", b'{"a":1}')
