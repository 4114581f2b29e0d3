"""The host calls that need the supervisor: requests go out, statuses and bodies come back."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import trio

from sandbox_child.wire.messages import HostCall
from supervisor.process.conversation import Called, Work
from tests.children import QUICK, SharedWorkshop, event

Guest = Callable[[str], bytes]


def steps(*what: dict[str, Any]) -> Work:
    """Return an event that has the probe guest do ``what``."""
    payload = {"ticket": {"id": "01T"}, "config": {"steps": json.dumps(what)}}
    return event(json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("status", "body", "logged"),
    [
        (200, b"fine", "http 200 fine"),
        (201, b"", "http 201 "),
        (403, b"", "http 403 "),
        (0, b"", "http 0 "),
        (599, b"odd", "http 599 odd"),
    ],
)
def test_a_guest_gets_the_status_and_the_body(
    children: SharedWorkshop, guest: Guest, status: int, body: bytes, logged: str
) -> None:
    request = {"do": "http", "method": "GET", "url": "https://api.example.com/x", "body": "b"}
    run = children.run(guest("zig/probe"), steps(request), answer=lambda _called: (status, body))
    assert run.lines == [logged]
    assert run.called[0].name is HostCall.HTTP_REQUEST
    assert json.loads(run.called[0].request) == {
        "method": "GET",
        "url": "https://api.example.com/x",
        "headers": {},
        "body": "b",
    }


def test_an_empty_response_is_pointer_0_and_length_0(children: SharedWorkshop) -> None:
    module = """(module
      (import "ohd" "ohd_http_request" (func $http (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32)
        (i64.store (i32.const 8) (i64.const -1))
        (drop (call $http (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 12)))
        (if (i64.ne (i64.load (i32.const 8)) (i64.const 0)) (then unreachable))))"""
    assert children.run(module, event(), answer=lambda _called: (204, b"")).outcomes == ["OK"]


def test_a_large_response_arrives_whole(children: SharedWorkshop, guest: Guest) -> None:
    module = """(module
      (import "ohd" "ohd_http_request" (func $http (param i32 i32 i32 i32) (result i32)))
      (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32)
        (drop (call $http (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 12)))
        (call $log
          (i32.sub (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 12))) (i32.const 4))
          (i32.const 4) (i32.const 1))))"""
    body = b"x" * (10 * 1024 * 1024 - 4) + b"tail"
    run = children.run(module, event(), answer=lambda _called: (200, body))
    assert run.lines == ["tail"]
    assert run.finished[0].memory_bytes > len(body)


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5])
def test_statuses_of_replies_notes_and_fields_come_back(
    children: SharedWorkshop, guest: Guest, status: int
) -> None:
    run = children.run(
        guest("zig/probe"),
        steps(
            {"do": "reply", "body": "hello"},
            {"do": "note", "body": "hush"},
            {"do": "field", "key": "k", "value": "v"},
        ),
        answer=lambda _called: (status, b""),
    )
    assert run.lines == [f"reply {status}", f"note {status}", f"field {status}"]
    assert [json.loads(called.request) for called in run.called] == [
        {"ticket_id": "01T", "body": "hello", "is_internal": False},
        {"ticket_id": "01T", "body": "hush", "is_internal": True},
        {"ticket_id": "01T", "key": "k", "value": "v"},
    ]


def test_what_is_no_json_reaches_the_supervisor_as_it_is(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("wat/bad_payloads"), event(), answer=lambda _called: (1, b""))
    assert run.outcomes == ["OK"]
    assert [called.request for called in run.called][:2] == [b"not json", b"[]"]


def test_calls_belong_to_the_event_that_makes_them(children: SharedWorkshop, guest: Guest) -> None:
    works = [steps({"do": "field", "key": str(n)}) for n in range(4)]
    run = children.run(guest("zig/probe"), *works, answer=lambda _called: (0, b""))
    assert [called.work for called in run.called] == works
    assert run.outcomes == ["OK"] * 4


def test_an_answer_that_takes_its_time_is_waited_for_while_events_queue_up(
    children: SharedWorkshop, guest: Guest
) -> None:
    async def answer(_called: Called) -> tuple[int, bytes]:
        for _ in range(50):
            await trio.lowlevel.checkpoint()
        return 0, b""

    works = [steps({"do": "field", "key": "k", "value": "v" * 50_000}) for _ in range(30)]
    run = children.run(guest("zig/probe"), *works, answer=answer)
    assert run.outcomes == ["OK"] * 30


def test_more_host_calls_than_allowed_get_a_status_and_are_not_made(
    children: SharedWorkshop, guest: Guest
) -> None:
    repeat = {"do": "repeat", "times": 5, "step": {"do": "field", "key": "k", "value": "v"}}
    run = children.run(
        guest("zig/probe"),
        steps(repeat, {"do": "http", "url": "https://api.example.com/"}),
        steps(repeat),
        answer=lambda _called: (0, b""),
        limits=replace(QUICK, host_calls=3),
    )
    refused = ["more than 3 host calls in one event", "field 4"]
    assert run.lines == [
        *["field 0"] * 3,
        *refused * 2,
        refused[0],
        "http 0 ",
        *["field 0"] * 3,
        *refused * 2,
    ]
    assert len(run.called) == 6


def test_a_request_that_is_too_large_is_not_sent(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(
        guest("zig/probe"),
        steps(
            {"do": "raw", "call": "http", "payload": "x" * 1001},
            {"do": "raw", "call": "field", "payload": "x" * 1001},
            {"do": "raw", "call": "field", "payload": "x" * 1000},
        ),
        answer=lambda _called: (0, b""),
        limits=replace(QUICK, http_request_bytes=1000),
    )
    assert run.lines == [
        "ohd_http_request: 1001 bytes; at most 1000 are allowed",
        "http 0 ",
        "ohd_set_custom_field: 1001 bytes; at most 1000 are allowed",
        "field 4",
        "field 0",
    ]
    assert len(run.called) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wat/log_out_of_bounds", "ohd_log: 2 bytes at 0x13ffff"),
        ("wat/log_overflow", "ohd_log: 32 bytes at 0xfffffff0"),
        ("wat/log_negative", "ohd_log: 4294967295 bytes at 0x0"),
        ("wat/http_out_of_bounds", "ohd_http_request: 2 bytes at 0x13ffff"),
        ("wat/http_bad_out_pointer", "ohd_http_request: 4 bytes at 0xfffffffe"),
        ("wat/reply_out_of_bounds", "ohd_add_reply: 32 bytes at 0xfffffff0"),
        ("wat/field_out_of_bounds", "ohd_set_custom_field: 32 bytes at 0xfffffff0"),
    ],
)
def test_a_pointer_out_of_bounds_traps_the_plugin_before_anything_is_sent(
    children: SharedWorkshop, guest: Guest, name: str, said: str
) -> None:
    run = children.run(guest(name), event())
    assert run.outcomes == ["TRAP"]
    assert said in run.error
    assert "do not lie in the memory" in run.error
    assert "wasm backtrace" in run.error
    assert run.called == []


@pytest.mark.parametrize("out", ["(i32.const -2) (i32.const 0)", "(i32.const 0) (i32.const 65534)"])
def test_both_places_for_the_response_are_checked(children: SharedWorkshop, out: str) -> None:
    module = f"""(module
      (import "ohd" "ohd_http_request" (func $http (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 64))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32)
        (drop (call $http (i32.const 0) (i32.const 0) {out}))))"""
    run = children.run(module, event())
    assert (run.outcomes, run.called) == (["TRAP"], [])


def test_a_response_that_the_guest_has_no_room_for_fails_the_event(
    children: SharedWorkshop,
) -> None:
    module = """(module
      (import "ohd" "ohd_http_request" (func $http (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1 1)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 1024))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32)
        (drop (call $http (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))))"""
    run = children.run(module, event(), answer=lambda _called: (200, b"x" * 70_000))
    assert run.outcomes == ["TRAP"]
    assert "ohd_alloc(70000) returned 0x400, where a memory of 65536 bytes" in run.error
