"""What TinyGo's and AssemblyScript's runtimes import, and real programs of four compilers."""

import json
from collections.abc import Callable

import pytest

from tests.children import SHORT, SharedWorkshop, event

Guest = Callable[[str], bytes]


def test_tinygos_clock_runs_and_its_sleep_sleeps(children: SharedWorkshop, guest: Guest) -> None:
    assert children.run(guest("wat/gojs"), event(), event()).outcomes == ["OK", "OK"]


@pytest.mark.parametrize("milliseconds", ["nan", "-1", "0", "-inf"])
def test_a_sleep_that_is_no_time_is_over_at_once(
    children: SharedWorkshop, milliseconds: str
) -> None:
    module = f"""(module
      (import "gojs" "runtime.sleepTicks" (func $sleep (param f64)))
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32) (call $sleep (f64.const {milliseconds}))))"""
    assert children.run(module, event()).outcomes == ["OK"]


def test_a_program_with_a_scheduler_is_called_back_there_after_its_sleep(
    children: SharedWorkshop,
) -> None:
    # on_event returns at once; the scheduler sleeps twice more, then the event is done.
    module = """(module
      (import "gojs" "runtime.ticks" (func $ticks (result f64)))
      (import "gojs" "runtime.sleepTicks" (func $sleep (param f64)))
      (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "event scheduler early")
      (global $left (mut i32) (i32.const 0))
      (global $due (mut f64) (f64.const 0))
      (func $rest
        (global.set $due (f64.add (call $ticks) (f64.const 20)))
        (call $sleep (f64.const 20)))
      (func (export "on_event") (param i32 i32)
        (global.set $left (i32.const 3))
        (call $rest)
        (call $log (i32.const 0) (i32.const 5) (i32.const 1)))
      (func (export "go_scheduler")
        (if (f64.lt (call $ticks) (global.get $due))
          (then (call $log (i32.const 16) (i32.const 5) (i32.const 3))))
        (call $log (i32.const 6) (i32.const 9) (i32.const 1))
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (if (global.get $left) (then (call $rest)))))"""
    run = children.run(module, event(), event())
    assert run.lines == ["event", "scheduler", "scheduler", "scheduler"] * 2
    assert run.finished[0].duration_s >= 0.06


def test_an_export_that_only_has_the_schedulers_name_is_never_called(
    children: SharedWorkshop,
) -> None:
    results = "i64 " * 40
    module = f"""(module
      (import "gojs" "runtime.sleepTicks" (func $sleep (param f64)))
      (memory (export "memory") 1)
      (func (export "go_scheduler") (result {results}) {"(i64.const -1) " * 40})
      (func (export "on_event") (param i32 i32) (call $sleep (f64.const 1))))"""
    assert children.run(module, event(), event()).outcomes == ["OK", "OK"]


def test_a_minute_of_tinygos_sleep_ends_at_the_deadline(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("wat/gojs_sleep"), event(), limits=SHORT)
    assert run.outcome == "timeout"


def test_a_clock_in_nanoseconds_is_the_time_of_day(children: SharedWorkshop) -> None:
    module = """(module
      (import "gojs" "runtime.ticks" (func $ticks (result i64)))
      (import "gojs" "runtime.sleepTicks" (func $sleep (param i64)))
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32)
        (local $before i64)
        (local.set $before (call $ticks))
        (call $sleep (i64.const 5000000))
        (call $sleep (i64.const -1))
        (if (i64.lt_s (call $ticks) (i64.add (local.get $before) (i64.const 4000000)))
          (then unreachable))
        ;; After 2026-01-01.
        (if (i64.lt_s (local.get $before) (i64.const 1767225600000000000)) (then unreachable))))"""
    assert children.run(module, event()).outcomes == ["OK"]


ASSEMBLYSCRIPT = """(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
  (import "env" "seed" (func $seed (result f64)))
  (memory (export "memory") 1)
  ;; Strings are UTF-16 with their size in bytes before them.
  (data (i32.const 60) "\\08\\00\\00\\00o\\00h\\00 \\00\\fc\\00")
  (data (i32.const 92) "\\08\\00\\00\\00a\\00.\\00t\\00s\\00")
  (data (i32.const 64996) "\\ff\\ff\\ff\\7f")
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param i32 i32) %s))"""


@pytest.mark.parametrize(
    ("message", "file", "said"),
    [
        (64, 96, "abort: oh ü (a.ts:3:7)"),
        (0, 96, "abort: no message (a.ts:3:7)"),
        (64, 0, "abort: oh ü"),
        (0, 0, "abort: no message"),
    ],
)
def test_abort_logs_at_error_and_traps(
    children: SharedWorkshop, message: int, file: int, said: str
) -> None:
    call = f"""(call $abort
      (i32.const {message}) (i32.const {file}) (i32.const 3) (i32.const 7))"""
    run = children.run(ASSEMBLYSCRIPT % call, event())
    assert run.outcomes == ["TRAP"]
    assert run.leveled_lines == [("ERROR", said)]
    assert said in run.error


@pytest.mark.parametrize("pointer", [-1, 65_537, 65_000])
def test_a_string_out_of_bounds_traps(children: SharedWorkshop, pointer: int) -> None:
    call = f"(call $abort (i32.const {pointer}) (i32.const 0) (i32.const 0) (i32.const 0))"
    run = children.run(ASSEMBLYSCRIPT % call, event())
    assert run.outcomes == ["TRAP"]
    assert "string: " in run.error


@pytest.mark.parametrize(
    ("count", "said"), [(0, "oh ü"), (2, "oh ü 1.5 -2"), (9, "oh ü 1.5 -2 0 0 nan")]
)
def test_trace_logs_its_numbers(children: SharedWorkshop, count: int, said: str) -> None:
    call = f"""(call $trace (i32.const 64) (i32.const {count})
      (f64.const 1.5) (f64.const -2) (f64.const 0) (f64.const 0) (f64.const nan))"""
    assert children.run(ASSEMBLYSCRIPT % call, event()).lines == [said]


def test_the_seed_differs_from_child_to_child(children: SharedWorkshop) -> None:
    call = """(f64.store (i32.const 200) (call $seed))
      (call $trace (i32.const 64) (i32.const 1) (f64.load (i32.const 200))
        (f64.const 0) (f64.const 0) (f64.const 0) (f64.const 0))"""
    lines = {children.run(ASSEMBLYSCRIPT % call, event()).lines[0] for _ in range(3)}
    assert len(lines) == 3
    assert all(0 <= float(line.rpartition(" ")[2]) <= 1 for line in lines)


def test_an_assemblyscript_program_lives_through_events_and_its_collector(
    children: SharedWorkshop, guest: Guest
) -> None:
    payload = json.dumps({"event": "ticket.created", "padding": "x" * 5_000}).encode()
    run = children.run(guest("assemblyscript/reader"), *(event(payload) for _ in range(300)))
    assert run.outcomes == ["OK"] * 300
    assert run.lines[-1] == f"ticket.created {len(payload)} bytes, event 300"
    assert run.finished[-1].memory_bytes < 8 << 20


def test_an_assemblyscript_program_that_throws_says_what_and_where(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("assemblyscript/reader"), event(b'{"event":"e","abort":true}'))
    assert run.outcomes == ["TRAP"]
    assert run.leveled_lines[-1][0] == "ERROR"
    assert "told to abort: ünïcödé" in run.leveled_lines[-1][1]


def test_the_documents_slack_plugin_posts_in_a_real_child(
    children: SharedWorkshop, guest: Guest
) -> None:
    ticket = {"id": "01T", "subject": "New laptop", "url": "https://h/t/01T", "status": "New"}
    config = {"webhook_url": "https://hooks.slack.com/services/x", "channel": "#support"}
    payload = {"event": "ticket.created", "ticket": ticket, "config": config}
    run = children.run(
        guest("examples/slack"),
        *(event(json.dumps(payload).encode()) for _ in range(20)),
        answer=lambda called: (200 if called.call < 20 else 500, b"ok"),
    )
    assert run.outcomes == ["OK"] * 20
    assert run.lines == ["slack returned HTTP 500"]
    request = json.loads(run.called[0].request)
    assert (request["method"], request["url"]) == ("POST", config["webhook_url"])
    assert json.loads(request["body"])["channel"] == "#support"


def test_a_call_after_main_names_the_flag_that_is_missing(children: SharedWorkshop) -> None:
    # What TinyGo's runtime prints before it traps, where //go:wasmexport has no c-shared around it.
    said = "panic: runtime error: called after main.main returned\\0a"
    module = f"""(module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (data (i32.const 8) "\\10\\00\\00\\00\\36\\00\\00\\00{said}")
      (func (export "malloc") (param i32) (result i32) (i32.const 70000))
      (func (export "free") (param i32))
      (func (export "_start"))
      (func (export "on_event") (param i32 i32)
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
        unreachable))"""
    run = children.run(module, event())
    assert run.outcomes == ["TRAP"]
    assert "-buildmode=c-shared" in run.error
