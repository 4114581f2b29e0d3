"""Guest calls of the GoatKit contract, in real children."""

from collections.abc import Callable

import pytest

from supervisor.limits import Limits
from supervisor.process.conversation import Called
from supervisor.process.work import call_work, register_work
from tests.children import SharedWorkshop

Guest = Callable[[str], bytes]
LONG_S = 20.0


@pytest.fixture
def module(guest: Guest) -> bytes:
    return guest("wat/goatkit")


def call(function: str, arguments: bytes = b"") -> object:
    return call_work(function, arguments, LONG_S, None)


def test_it_registers_and_answers_calls_in_one_instance(
    children: SharedWorkshop, module: bytes
) -> None:
    run = children.run(
        module, register_work(None), call("echo", b'{"a":1}'), call("echo", b"[]"), call("nothing")
    )
    assert run.outcomes == ["OK"] * 4
    results = [result.result for result in run.finished]
    assert results == [b'{"name":"wat","version":"1.0.0"}', b'{"a":1}', b"[]", b""]
    assert run.lines == ["called"] * 3


def test_a_call_without_arguments_allocates_nothing_for_them(
    children: SharedWorkshop, module: bytes
) -> None:
    run = children.run(module, call("echo"))
    assert [result.result for result in run.finished] == [b""]


def test_a_host_call_is_answered_by_name(children: SharedWorkshop, module: bytes) -> None:
    asked = []

    def answer(called: Called) -> tuple[int, bytes]:
        asked.append(called.request)
        return 1, b'{"now":"2026-01-01T00:00:00Z"}'

    run = children.run(module, call("host", b"time_now"), answer=answer)
    assert asked == [b"time_now\0"]
    assert run.finished[0].result == b'{"now":"2026-01-01T00:00:00Z"}'


def test_a_host_call_that_fails_gives_zero(children: SharedWorkshop, module: bytes) -> None:
    run = children.run(module, call("host", b"db_query"), answer=lambda _called: (0, b""))
    assert run.outcomes == ["OK"]
    assert run.finished[0].result == b""


@pytest.mark.parametrize("name", [b"", b"x" * 129])
def test_a_host_call_without_a_usable_name_never_leaves_the_child(
    children: SharedWorkshop, module: bytes, name: bytes
) -> None:
    run = children.run(module, call("host", name))
    assert run.outcomes == ["OK"]
    assert "expected a name of 1 to 128 bytes" in run.lines[-1]


@pytest.mark.parametrize(
    ("function", "outcome", "error"),
    [("trap", "TRAP", "unreachable"), ("out", "TRAP", "64 bytes at 0xfffffff0")],
)
def test_a_failure_ends_the_child(
    children: SharedWorkshop, module: bytes, function: str, outcome: str, error: str
) -> None:
    run = children.run(module, call(function))
    assert run.outcomes == [outcome]
    assert error in run.finished[0].text


def test_a_call_ends_at_its_own_deadline(children: SharedWorkshop, module: bytes) -> None:
    work = call_work("loop", b"", 1.0, None)
    run = children.run(module, work, limits=Limits(deadline_s=60.0))
    assert run.outcome == "timeout"
    assert "it did not end within 1 s" in run.error + run.finished[0].text


def test_registration_cannot_call_the_host(children: SharedWorkshop) -> None:
    module = """(module
      (import "gk" "host_call" (func $host (param i32 i32 i32 i32) (result i64)))
      (memory (export "memory") 1) (data (i32.const 8) "time_now")
      (func (export "gk_malloc") (param i32) (result i32) i32.const 1024)
      (func (export "gk_call") (param i32 i32 i32 i32) (result i64) i64.const 0)
      (func (export "gk_register") (result i64)
        (call $host (i32.const 8) (i32.const 8) (i32.const 0) (i32.const 0))))"""
    run = children.run(module, register_work(None))
    assert run.outcomes == ["OK"]
    assert "only while it answers a call" in run.lines[0]
