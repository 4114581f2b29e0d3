"""Direct calls: what crosses between host and guest, both ways, and what it stands on."""

from collections.abc import Callable

import pytest
import wasmtime
from wasmtime import _extern
from wasmtime import _ffi as ffi

from sandbox_child.runtime.errors import (
    GuestExited,
    GuestInterrupted,
    GuestTrapped,
)
from sandbox_child.runtime.guest import Guest
from sandbox_child.runtime.settings import SWITCHED_OFF

Instantiate = Callable[..., Guest]

ENTRY_POINTS = (
    "wasmtime_func_call_unchecked",
    "wasmtime_memory_data_size",
    "wasmtime_memory_data",
    "wasmtime_linker_define_func_unchecked",
    "wasmtime_instance_export_get",
    "wasmtime_caller_export_get",
    "wasmtime_trap_new",
)
TYPES = (
    "wasmtime_val_raw_t",
    "wasmtime_extern_t",
    "wasmtime_caller_t",
    "wasmtime_func_unchecked_callback_t",
    "wasm_trap_t",
    "wasmtime_error_t",
)
ADVICE = "wasmtime-py has changed inside: look at sandbox_child/runtime/direct.py, name by name"


def test_the_private_names_of_wasmtime_py_that_we_use_are_there() -> None:
    missing = [name for name in ENTRY_POINTS if not hasattr(ffi, name)]
    missing += [name for name in ENTRY_POINTS if not hasattr(ffi.dll, name)]
    missing += [name for name in TYPES if not hasattr(ffi, name)]
    missing += [] if hasattr(_extern, "wrap_extern") else ["_extern.wrap_extern"]
    missing += [
        f"{kind.__name__}._from_ptr"
        for kind in (wasmtime.WasmtimeError, wasmtime.Trap)
        if not hasattr(kind, "_from_ptr")
    ]
    assert missing == [], ADVICE


def test_the_private_fields_of_wasmtime_py_that_we_use_are_there(
    engine: wasmtime.Engine, instantiate: Instantiate
) -> None:
    guest = instantiate('(module (memory (export "memory") 1) (func (export "f")))')
    assert guest._instance is not None
    exports = guest._instance.exports(guest._store)
    function, memory = exports["f"], exports["memory"]
    fields = {
        "Store._context": hasattr(guest._store, "_context"),
        "Instance._instance": hasattr(guest._instance, "_instance"),
        "Func._func": hasattr(function, "_func"),
        "Memory._memory": hasattr(memory, "_memory"),
        "Linker.ptr": hasattr(wasmtime.Linker(engine), "ptr"),
    }
    assert all(fields.values()), f"{ADVICE}: {fields}"


def test_a_raw_value_has_the_16_bytes_that_we_step_by() -> None:
    assert ffi.ctypes.sizeof(ffi.wasmtime_val_raw_t) == 16, ADVICE


def test_memories_are_told_never_to_move() -> None:
    assert "memory_may_move" in SWITCHED_OFF  # MemoryView keeps their address


def test_integers_arrive_unsigned_at_the_host(instantiate: Instantiate) -> None:
    heard = []
    guest = instantiate(
        """(module
          (import "host" "hear" (func $hear (param i32 i64 i32)))
          (memory (export "memory") 1)
          (func (export "f") (call $hear (i32.const -1) (i64.const -2) (i32.const 7))))""",
        {"hear": ("i32 i64 i32", "", lambda *values: heard.extend(values))},
    )
    guest.function("f", (), ())()
    assert heard == [2**32 - 1, 2**64 - 2, 7]


def test_floating_point_numbers_cross_both_ways(instantiate: Instantiate) -> None:
    heard = []
    guest = instantiate(
        """(module
          (import "host" "half" (func $half (param f64) (result f64)))
          (import "host" "hear" (func $hear (param f32 f64)))
          (memory (export "memory") 1)
          (func (export "f")
            (call $hear (f32.const -0.5) (call $half (f64.const 5)))))""",
        {
            "half": ("f64", "f64", lambda value: value / 2),
            "hear": ("f32 f64", "", lambda *values: heard.extend(values)),
        },
    )
    guest.function("f", (), ())()
    assert heard == [-0.5, 2.5]


def test_integers_go_unsigned_to_the_guest_and_come_back(instantiate: Instantiate) -> None:
    guest = instantiate(
        """(module
          (memory (export "memory") 1)
          (func (export "same") (param i32) (result i32) (local.get 0))
          (func (export "third") (param i32 i32 i32 i32) (result i32) (local.get 2))
          (func (export "wide") (param i32 i32) (result i64)
            (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
                    (i64.extend_i32_u (local.get 1))))
          (func (export "swap") (param i32 i32) (result i32 i32)
            (local.get 1) (local.get 0)))"""
    )
    same = guest.function("same", ("i32",), ("i32",))
    assert [same(value) for value in (0, 1, 2**31, 2**32 - 1)] == [0, 1, 2**31, 2**32 - 1]
    assert guest.function("third", ("i32",) * 4, ("i32",))(1, 2, 3, 4) == 3
    wide = guest.function("wide", ("i32", "i32"), ("i64",))
    wide(2**32 - 1, 5)
    assert wide.result64() == (2**32 - 1) << 32 | 5
    swap = guest.function("swap", ("i32", "i32"), ("i32", "i32"))
    assert (swap(3, 2**32 - 1), swap.second_result()) == (2**32 - 1, 3)


def test_a_host_function_may_return_an_unsigned_value(instantiate: Instantiate) -> None:
    guest = instantiate(
        """(module
          (import "host" "big" (func $big (result i64)))
          (memory (export "memory") 1)
          (func (export "negative") (result i32) (i64.lt_s (call $big) (i64.const 0))))""",
        {"big": ("", "i64", lambda: 2**64 - 1)},
    )
    assert guest.function("negative", (), ("i32",))() == 1


def test_what_a_host_function_raises_comes_out_of_the_guest_call(instantiate: Instantiate) -> None:
    failure = GuestExited(3)

    def fail() -> None:
        raise failure

    guest = instantiate(
        """(module
          (import "host" "fail" (func $fail))
          (memory (export "memory") 1)
          (func $named (call $fail))
          (func (export "f") (call $named)))""",
        {"fail": ("", "", fail)},
    )
    with pytest.raises(GuestExited) as caught:
        guest.function("f", (), ())()
    assert caught.value is failure
    assert "named" in failure.backtrace


def test_an_error_that_is_not_the_guests_comes_out_too(instantiate: Instantiate) -> None:
    guest = instantiate(
        """(module
          (import "host" "fail" (func $fail))
          (memory (export "memory") 1)
          (func (export "f") (call $fail)))""",
        {"fail": ("", "", lambda: int("no number"))},
    )
    with pytest.raises(ValueError, match="no number"):
        guest.function("f", (), ())()


def test_guest_calls_nest_and_the_innermost_failure_reaches_the_outside(
    instantiate: Instantiate,
) -> None:
    holder: list[Guest] = []
    seen = []

    def again(depth: int) -> int:
        seen.append(depth)
        return holder[0].function("down", ("i32",), ("i32",))(depth - 1)

    guest = instantiate(
        """(module
          (import "host" "again" (func $again (param i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "down") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then unreachable))
            (if (i32.eq (local.get 0) (i32.const 100)) (then (return (i32.const 7))))
            (i32.add (call $again (local.get 0)) (i32.const 1))))""",
        {"again": ("i32", "i32", again)},
    )
    holder.append(guest)
    with pytest.raises(GuestTrapped, match="unreachable"):
        guest.function("down", ("i32",), ("i32",))(3)
    assert seen == [3, 2, 1]
    # Nothing of a failure is left behind for the next call.
    assert guest.function("down", ("i32",), ("i32",))(102) == 9


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("unreachable", "unreachable"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "divide by zero"),
        ("(drop (i32.load (i32.const -1)))", "out of bounds memory access"),
        ("(call_indirect (i32.const 0))", "uninitialized element"),
        ("(call $f)", "call stack exhausted"),
    ],
)
def test_a_trap_says_what_happened_and_where(
    instantiate: Instantiate, body: str, said: str
) -> None:
    guest = instantiate(
        f'(module (memory (export "memory") 1) (table 1 funcref) (func $f (export "f") {body}))'
    )
    with pytest.raises(GuestTrapped) as caught:
        guest.function("f", (), ())()
    what, where = str(caught.value).split("\n", 1)
    assert said in what
    assert "f" in where


def test_a_moved_epoch_interrupts_a_loop_and_a_new_deadline_lets_the_next_call_run(
    engine: wasmtime.Engine, instantiate: Instantiate
) -> None:
    guest = instantiate(
        """(module
          (memory (export "memory") 1)
          (func $spin (export "spin") (loop $again (br $again)))
          (func (export "quick")))"""
    )
    engine.increment_epoch()
    with pytest.raises(GuestInterrupted, match="spin"):
        guest.function("spin", (), ())()
    guest.rearm()
    guest.function("quick", (), ())()


@pytest.mark.parametrize(
    ("parameters", "results"), [(("i32",), ()), ((), ("i32",)), (("i64",), ("i32",))]
)
def test_a_function_of_another_signature_is_never_called(
    instantiate: Instantiate, parameters: tuple[str, ...], results: tuple[str, ...]
) -> None:
    guest = instantiate(
        """(module
          (memory (export "memory") 1)
          (func (export "f") (param i32) (result i32) (local.get 0)))"""
    )
    assert guest.find_function("f", parameters, results) is None
    with pytest.raises(GuestTrapped, match="no function f of the type"):
        guest.function("f", parameters, results)


def test_the_memory_of_a_guest_whose_start_section_trapped_cannot_be_had(
    instantiate: Instantiate, prepare: Instantiate
) -> None:
    hear = '(import "host" "hear" (func $hear)) (memory (export "memory") 1)'
    given = {"hear": ("", "", lambda: None)}
    instantiate(f"(module {hear} (start $hear))", given)  # a caller that is gone afterwards
    guest = prepare(f"(module {hear} (func $s unreachable) (start $s))", given)
    with pytest.raises(GuestTrapped, match="unreachable"):
        guest.instantiate()
    with pytest.raises(GuestTrapped, match="no memory"):
        guest.memory()


def test_the_memory_is_found_inside_a_start_section(prepare: Instantiate) -> None:
    read = []
    guest = prepare(
        """(module
          (import "host" "hear" (func $hear))
          (memory (export "memory") 1)
          (data (i32.const 8) "in start")
          (start $hear))""",
        {"hear": ("", "", lambda: read.append(guest.memory().read(8, 8)))},
    )
    guest.instantiate()
    assert read == [b"in start"]


def test_reads_and_writes_end_where_the_memory_ends(instantiate: Instantiate) -> None:
    memory = instantiate('(module (memory (export "memory") 1 3))').memory()
    memory.write(65_534, b"ab")
    assert memory.read(65_534, 2) == b"ab"
    assert memory.read(65_536, 0) == b""
    for pointer, length in ((65_535, 2), (65_536, 1), (2**32 - 1, 2), (0, 65_537), (2**32, 0)):
        assert not memory.holds(pointer, length)
        with pytest.raises(IndexError):
            memory.read(pointer, length)
    with pytest.raises(IndexError):
        memory.write(65_535, b"ab")


def test_a_grown_memory_stays_where_it_is_and_is_usable_to_its_new_end(
    instantiate: Instantiate,
) -> None:
    guest = instantiate('(module (memory (export "memory") 1))')
    memory = guest.memory()
    memory.write(10, b"kept")
    assert guest.grow(3) == 65_536
    memory.write(4 * 65_536 - 4, b"last")
    assert memory.read(10, 4) == b"kept"
    assert memory.size() == 4 * 65_536
    assert guest.grow(1000) is None


def test_two_guests_of_a_process_do_not_share_their_host_functions(
    instantiate: Instantiate,
) -> None:
    text = """(module
      (import "host" "who" (func $who (result i32)))
      (memory (export "memory") 1)
      (func (export "f") (result i32) (call $who)))"""
    first = instantiate(text, {"who": ("", "i32", lambda: 1)})
    second = instantiate(text, {"who": ("", "i32", lambda: 2)})
    calls = [g.function("f", (), ("i32",)) for g in (first, second, first)]
    assert [call() for call in calls] == [1, 2, 1]
