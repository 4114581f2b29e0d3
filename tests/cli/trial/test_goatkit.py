"""``ohd plugin inspect`` and ``ohd plugin call`` on GoatKit plugins, bare and packed."""

import json

import pytest
import wasmtime

from sandbox_child.packages import write_package
from tests.goatkit_modules import goatkit_module
from tests.guests.build import GUESTS

COUNT = '{"query": "SELECT COUNT(*) AS n FROM ticket"}'


@pytest.fixture
def desk(ohd):
    """Return the path of a plugin that passes its calls on to the host."""
    path = ohd.folder / "desk.wasm"
    path.write_bytes(wasmtime.wat2wasm((GUESTS / "wat/goatkit_desk.wat").read_text()))
    return str(path)


def test_a_call_sees_what_was_granted(ohd, desk):
    done = ohd("plugin", "call", desk, "db_query", "--args", COUNT, "--grant", "db:read", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["outcome"], found["error"]) == (0, "ok", None)
    assert found["result"][0]["n"] > 5
    assert [(made["name"], made["status"]) for made in found["host_calls"]] == [("db_query", 1)]
    assert found["memory_bytes"] > 0
    assert found["duration_ms"] > 0
    mine = ohd(
        *("plugin", "call", desk, "db_query", "--args", COUNT, "--grant", "db:read"),
        *("--user", "user@example.com", "--json"),
    )
    assert 0 < json.loads(mine.stdout)["result"][0]["n"] <= found["result"][0]["n"]


def test_nothing_is_granted_by_itself(ohd, desk):
    found = json.loads(ohd("plugin", "call", desk, "db_query", "--args", COUNT, "--json").stdout)
    assert (found["outcome"], found["result"]) == ("ok", None)
    assert any("grant db:read to allow it" in line for line in found["logs"])


def test_a_failed_call_says_how_and_ends_with_1(ohd):
    (ohd.folder / "loop.wasm").write_bytes(goatkit_module({"name": "x"}, {}))
    done = ohd("plugin", "call", "loop.wasm", "loop", "--json")
    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (1, "timeout")


def test_a_package_is_inspected_by_what_it_registers(ohd):
    module = goatkit_module({"name": "stats", "routes": [{"path": "/login"}], "junk": 1}, {})
    manifest = json.dumps({"name": "stats", "author": "Ada"}).encode()
    packed, _ = write_package({"manifest.json": manifest, "stats.wasm": module})
    (ohd.folder / "stats.zip").write_bytes(packed)
    found = json.loads(ohd("plugin", "inspect", "stats.zip", "--json").stdout)
    assert (found["abi"], found["id"]) == ("goatkit", "goatkit.stats")
    assert found["registration"]["author"] == "Ada"
    assert any("/login" in warning for warning in found["warnings"])


def test_a_module_with_both_contracts_is_refused_with_a_sentence(ohd):
    both = """(module (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32))
      (func (export "gk_register") (result i64) i64.const 0))"""
    (ohd.folder / "both.wasm").write_bytes(wasmtime.wat2wasm(both))
    done = ohd("plugin", "inspect", "both.wasm")
    assert done.exit_code == 2
    assert "entry points of two contracts" in done.stderr


def of_wat(exports: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f'(module (memory (export "memory") 1) {exports})'))


REGISTER = '(func (export "gk_register") (result i64) {})'
REST = """(func (export "gk_call") (param i32 i32 i32 i32) (result i64) i64.const 0)
    (func (export "gk_malloc") (param i32) (result i32) i32.const 4096)"""
UNUSABLE = {
    "no call": (REGISTER.format("i64.const 0"), "does not export 'gk_call'"),
    "types": ('(func (export "gk_register") (result i32) i32.const 0)', "() -> (i64)"),
    "nothing": (REGISTER.format("i64.const 0") + REST, "returned nothing"),
    "outside": (REGISTER.format("i64.const -1") + REST, "gk_register"),
    "trap": (REGISTER.format("unreachable") + REST, "unreachable"),
    "neither": ("", "no custom section named 'ohd_manifest'"),
}


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("command", [("inspect",), ("call", "--json")])
def test_a_module_that_is_no_plugin_is_refused_with_one_sentence(ohd, name, command):
    exports, problem = UNUSABLE[name]
    ohd.write("bad.wasm", of_wat(exports))
    word, *options = command
    function = ["f"] if word == "call" else []
    assert problem in ohd.refused("plugin", word, "bad.wasm", *function, *options)


@pytest.mark.parametrize("command", [("inspect", "bad.zip"), ("call", "bad.zip", "f")])
def test_a_file_that_is_none_is_refused_with_one_sentence(ohd, command):
    packed, _ = write_package({"manifest.json": b'{"name": "a"}', "a.wasm": of_wat("")})
    for raw, problem in (
        (packed[: len(packed) // 2], "package"),
        (packed[len(packed) // 2 :], "is not a WebAssembly module"),
        (b"", "empty"),
        (b"PK\3\4" + bytes(100 << 20), "bytes"),
    ):
        ohd.write("bad.zip", raw)
        assert problem in ohd.refused("plugin", *command)
