"""Guests of further compilers: their allocators, their panels and what they start with."""

import json
from collections.abc import Callable

import pytest
import wasmtime

from sandbox_child.wasm.facts import Toolchain
from sandbox_child.wasm.module import read_module
from tests.guests.build import guest_names
from tests.guests.small_host import SmallHost

Host = Callable[..., SmallHost]
Guest = Callable[[str], bytes]

EVENT = {"event": "ticket.created", "ticket": {"id": "01T"}, "config": {"abort": False}}


def test_c_logs_its_payload_and_returns_a_panel_by_a_struct(host: Host) -> None:
    run = host("c/probe")
    run.on_event(EVENT)
    assert json.loads(run.logs[0][1]) == EVENT
    result, _ = run.put(bytes(8))
    ticket, _ = run.put(b"01T")
    run.call("render_panel", result, ticket, 3)
    answer = run.get(result, 8)
    pointer, length = (int.from_bytes(answer[at : at + 4], "little") for at in (0, 4))
    assert run.get(pointer, length) == b"https://panel.example.com/c/01T"


def test_assemblyscript_survives_many_events_with_its_own_collector(host: Host) -> None:
    run = host("assemblyscript/reader")
    for _ in range(300):
        run.on_event(EVENT | {"padding": "x" * 5_000})
    assert run.logs[-1][1].startswith("ticket.created ")
    assert run.logs[-1][1].endswith("event 300")
    assert run.memory.data_len(run.store) < 8 * 1024 * 1024


def test_assemblyscript_returns_a_panel_in_one_number(host: Host) -> None:
    run = host("assemblyscript/reader")
    ticket, _ = run.put(b"01T")
    packed = run.call("render_panel", ticket, 3) & (2**64 - 1)
    assert run.get(packed >> 32, packed & 0xFFFFFFFF) == b"https://panel.example.com/as/01T"


def test_assemblyscript_aborts_when_told(host: Host) -> None:
    run = host("assemblyscript/reader")
    with pytest.raises((RuntimeError, wasmtime.WasmtimeError, wasmtime.Trap), match="abort"):
        run.on_event(EVENT | {"config": {"abort": True}})


def test_c_on_wasi_starts_as_a_reactor(host: Host) -> None:
    run = host("c/wasi")
    run.on_event(EVENT)
    assert read_module(run.module).exported_function("_initialize") is not None


TOOLCHAINS = {
    "examples/slack": Toolchain.GO,
    "go/no_allocator": Toolchain.GO,
    "assemblyscript/reader": Toolchain.ASSEMBLYSCRIPT,
    "wat/gojs": Toolchain.TINYGO,
    "wat/noop": Toolchain.UNKNOWN,
}


@pytest.mark.parametrize(("name", "expected"), TOOLCHAINS.items())
def test_the_compiler_of_a_guest_is_recognised(
    guest: Guest, name: str, expected: Toolchain
) -> None:
    assert read_module(guest(name)).toolchain is expected


ALLOCATORS = ("gk_malloc", "ohd_alloc", "malloc", "cabi_realloc", "__new")
WITHOUT_ALLOCATOR = {
    "examples/audit-trail",
    "go/no_allocator",
    "wat/arena",
    "wat/arena_full",
    "wat/host_alloc",
    "wat/memory_missing",
    "wat/unknown_imports",
}


@pytest.mark.parametrize("name", guest_names())
def test_a_guest_exports_an_allocator_unless_it_is_about_having_none(
    guest: Guest, name: str
) -> None:
    facts = read_module(guest(name))
    found = [export for export in ALLOCATORS if facts.exported_function(export)]
    assert bool(found) is (name not in WITHOUT_ALLOCATOR)
