"""What a plugin over gRPC has besides: the host's own service, mutual TLS, health."""

import base64
import json
import os

import pytest

from supervisor.native.errors import CallFailed


async def ask(plugin, function, /, **arguments):
    return json.loads(await plugin.call(function, json.dumps(arguments).encode(), 20.0))


@pytest.fixture
def grpc(program):
    return program("netrpc", "grpc")


@pytest.fixture
def cached(stage):
    """Serve a cache, and every other host function with what its method expects."""
    kept = {}
    answers = {
        "db_exec": {"affected": 3},
        "http_request": {"status": 200, "body": "b2s="},
        "config_get": {"value": "Desk"},
        "translate": {"value": "Hallo"},
        "db_query": [{"a": "x", "b": 2}],
    }

    async def serve(name, arguments):
        stage.calls.append((name, arguments))
        asked = json.loads(arguments)
        if name == "cache_set":
            kept[asked["key"]] = asked["value"]
            return b'{"ok":true}'
        if name == "cache_get":
            found = kept.get(asked["key"])
            return json.dumps({"value": found, "found": found is not None}).encode()
        return json.dumps(answers.get(name, {"ok": True})).encode()

    stage.serve = serve
    return stage


async def test_a_registration_has_the_fields_and_what_its_json_adds(stage, grpc):
    async with stage.open(grpc) as plugin:
        manifest = json.loads(await plugin.register())
    assert manifest["version"] == "1.2.4"
    assert manifest["resources"] == {"memory_mb": 64}
    assert manifest["menu_items"] == [{"id": "a", "order": 2, "children": [{"id": "b"}]}]
    assert manifest["jobs"][0]["enabled"] is True


@pytest.mark.parametrize("protocol", ["", "grpc"])
@pytest.mark.parametrize("offer", [True, False])
async def test_tls_is_used_where_it_is_offered_and_not_needed(stage, program, protocol, offer):
    async with stage.open(program("netrpc", protocol), offer_tls=offer) as plugin:
        await plugin.init({"plugin_name": "native"})
        assert (await ask(plugin, "hello", text="x"))["rows"] == [{"n": 1}]
        environment = await ask(plugin, "environment")
        assert plugin.has_tls is offer
    told = [entry for entry in environment if entry.startswith("PLUGIN_CLIENT_CERT=")]
    assert len(told) == (1 if offer else 0)
    assert not any("PRIVATE KEY" in entry for entry in environment)


async def test_every_method_of_the_host_reaches_its_function(cached, grpc):
    async with cached.open(grpc) as plugin:
        await plugin.init({})
        cached.calls.clear()
        told = await ask(plugin, "methods")
        assert await ask(plugin, "cache", Key="a", Value="\u00e9") == {
            "value": "\u00e9",
            "found": True,
            "error": "",
        }
    bad = told.pop("bad argument")
    assert bad == "status: rpc error: code = InvalidArgument desc = args[0] is not JSON"
    assert set(told.values()) == {""}
    asked = {name: json.loads(arguments) for name, arguments in reversed(cached.calls)}
    assert asked["db_query"] == {"query": "SELECT ?", "args": ["x", 2]}
    assert base64.b64decode(asked["cache_set"]["value"]) == b"\0\xff"
    assert asked["http_request"]["headers"] == {"a": "b"}
    assert asked["send_email"]["html"] is True
    assert asked["log"]["level"] == "warn"
    assert asked["translate"] == {"key": "hello", "args": ["x"]}


async def test_a_refusal_is_the_error_of_the_answer_or_its_status(stage, grpc):
    async with stage.open(grpc) as plugin:
        await plugin.init({})
        told = await ask(plugin, "methods")
    assert told["HTTPRequest"] == "http_request was not granted"
    assert told["SendEmail"] == (
        "status: rpc error: code = Unknown desc = send_email was not granted"
    )


async def test_a_call_says_how_long_it_may_take(stage, grpc):
    async with stage.open(grpc) as plugin:
        assert await ask(plugin, "deadline") is True


async def test_a_ping_is_answered_by_the_health_service(stage, grpc):
    async with stage.open(grpc) as plugin:
        await plugin.init({})
        assert await ask(plugin, "__health_ping__") == {"status": "SERVING"}


async def test_a_compressed_call_of_the_host_is_refused_with_the_reason(stage, grpc):
    async with stage.open(grpc) as plugin:
        await plugin.init({})
        answer = await ask(plugin, "compressed")
        assert "the host reads no compressed messages" in answer["error"]
        assert (await ask(plugin, "hello"))["plugin"] == ""


async def test_a_service_that_the_host_does_not_have_cannot_be_dialled(stage, grpc):
    async with stage.open(grpc) as plugin:
        await plugin.init({})
        assert "timeout waiting" in (await ask(plugin, "another"))["error"]


async def test_a_bridge_over_grpc_has_every_control_of_one_over_netrpc(stage, grpc, program):
    async with stage.open(program("netrpc")) as plugin:
        over_netrpc = plugin.controls
    async with stage.open(grpc) as plugin:
        assert plugin.controls == over_netrpc
        if os.geteuid() == 0:
            assert "own_user" in plugin.controls


async def test_a_plugin_that_stays_is_ended_all_the_same(stage, grpc):
    async with stage.open(grpc) as plugin:
        await plugin.init({"stay": "yes"})
        await plugin.shutdown()
    with pytest.raises(CallFailed):
        await plugin.call("hello", b"", 5.0)
