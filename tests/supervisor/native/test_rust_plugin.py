"""A plugin of another language and another HTTP/2: Rust's tonic, without go-plugin, in the cage."""

import json

import pytest

from tests.guests.toolchains import BuildFailed, ToolMissing
from tests.native.build import build_rust


@pytest.fixture(scope="session")
def rusty():
    try:
        return build_rust()
    except (ToolMissing, BuildFailed) as missing:
        pytest.skip(f"needs a recent Cargo: {str(missing)[:300]}")


async def test_it_registers_begins_answers_calls_the_host_and_ends(stage, rusty):
    async with stage.open(rusty) as plugin:
        assert not plugin.has_tls
        manifest = json.loads(await plugin.register())
        assert manifest["routes"][0]["handler"] == "hello"
        await plugin.init({"plugin_name": "rusty"})
        assert await plugin.call("echo", b'{"a":[1]}', 20.0) == b'{"a":[1]}'
        assert json.loads(await plugin.call("time", b"", 20.0))["now"].startswith("2026")
        assert len(await plugin.call("large", b"", 20.0)) == 3_000_002
        assert await plugin.call("thread", b"", 20.0) == b"42"
        assert json.loads(await plugin.call("__health_ping__", b"", 20.0))["status"] == "SERVING"
        error = json.loads(await plugin.call("nope", b"", 20.0))
        assert error == {"error": "unknown function: nope", "status": 500}
        await plugin.shutdown()
    assert [name for name, _ in stage.calls] == ["db_query", "time_now"]
    assert {"init: 1 row", "shutdown: good bye"} <= set(stage.lines)


async def test_a_panic_of_its_handler_is_a_refusal_and_it_lives_on(stage, rusty):
    """Tokio catches it; the stream ends with no answer, which tonic makes a reset."""
    async with stage.open(rusty) as plugin:
        await plugin.init({})
        answer = json.loads(await plugin.call("panic", b"", 20.0))
        assert answer["status"] == 500
        assert await plugin.call("echo", b"1", 20.0) == b"1"
