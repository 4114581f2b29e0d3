"""What can never start is said when it is installed, with the limit, and leaves nothing behind."""

import json

import pytest

from sandbox_child.wasm.sections import replace_custom_section
from supervisor.errors import CannotStart, ModuleRefused
from supervisor.limits import MIB, Limits
from supervisor.plugins.start_trial import unmet_need
from tests.children import assemble

HUGE = """(module
  (memory (export "memory") {pages})
  (table {elements} funcref)
  {rest}
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param i32 i32)))"""

MANIFEST = {
    "id": "org.example.huge",
    "name": "Huge",
    "version": "1.0.0",
    "description": "Begins with much.",
    "events": ["ticket.created"],
}


def module(pages=1, elements=1, rest="", **manifest):
    wat = HUGE.format(pages=pages, elements=elements, rest=rest)
    whole = MANIFEST | manifest
    return replace_custom_section(assemble(wat), "ohd_manifest", json.dumps(whole).encode())


async def install(desk, module):
    return await desk.supervisor.installs.install(module, source="a test", actor="test")


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ('(data (i32.const 65530) "beyond the end")', "out of bounds memory access"),
        ("(elem (i32.const 9) func 0)", "out of bounds table access"),
        ("(func $start unreachable) (start $start)", "unreachable"),
        ('(func (export "_initialize") (drop (i32.div_u (i32.const 1) (i32.const 0))))', "divide"),
    ],
)
async def test_a_module_whose_start_fails_is_refused_with_the_reason(desk, rest, why):
    with pytest.raises(ModuleRefused, match=f"the module cannot start: (.|\n)*{why}"):
        await install(desk, module(rest=rest))
    assert await desk.supervisor.overview.plugins() == []


async def test_a_start_that_loops_is_refused_at_its_deadline(open_desk):
    desk = await open_desk(limits=Limits(deadline_s=2.0))
    looping = module(rest="(func $start (loop $again (br $again))) (start $start)")
    with pytest.raises(ModuleRefused, match="did not start within 2 s"):
        await install(desk, looping)


@pytest.mark.parametrize(
    ("module", "need", "limit"),
    [
        (module(pages=2048), "128 MiB of memory, and its limit is 64 MiB", {"memory_mib": 128}),
        (
            module(elements=20_001),
            "a table of 20,001 elements, and its limit is 20,000",
            {"table_elements": 20_001},
        ),
    ],
)
async def test_what_an_admin_can_allow_is_said_and_needed_before_it_is_enabled(
    desk, module, need, limit
):
    view = await install(desk, module)
    assert any(need in warning for warning in view.warnings)
    with pytest.raises(CannotStart, match=need):
        await desk.supervisor.controls.set_enabled(view.id, True, actor="test")
    await desk.supervisor.controls.set_limits(view.id, limit, actor="test")
    await desk.supervisor.controls.set_enabled(view.id, True, actor="test")
    await desk.running(view.id)


async def test_what_no_admin_can_allow_is_refused(desk):
    with pytest.raises(ModuleRefused, match="2048 MiB of memory, and its limit is 1024 MiB"):
        await install(desk, module(pages=32_768))


async def test_an_upgrade_that_needs_more_than_the_plugins_own_limit_is_not_accepted(desk):
    view = await install(desk, module())
    await desk.supervisor.controls.set_limits(view.id, {"memory_mib": 1}, actor="test")
    view = await install(desk, module(pages=40, version="2.0.0"))
    with pytest.raises(CannotStart, match=r"2\.5 MiB of memory, and its limit is 1 MiB"):
        await desk.accept(view.id, view.waiting_version)


def test_a_module_that_fits_needs_nothing():
    assert unmet_need(_Report(), Limits(memory_bytes=MIB)) is None


class _Report:
    memory_min_pages = 16
    table_min = 0
