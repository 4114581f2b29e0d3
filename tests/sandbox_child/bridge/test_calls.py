"""What a bridge tells the supervisor at its program's end: whatever the program printed last."""

import json
from collections.abc import Mapping

import pytest

from sandbox_child.bridge.calls import Calls
from sandbox_child.goplugin.happenings import (
    Dispensed,
    Happening,
    HostCalled,
    Printed,
    Returned,
)
from sandbox_child.wire.frames import FrameDecoder
from sandbox_child.wire.messages import (
    CALL,
    INVOKE,
    LOG,
    NATIVE_EVENT,
    NATIVE_SHUTDOWN,
    PROGRAM_GONE,
    READY,
    RESULT,
    LogLevel,
    OutcomeCode,
)
from sandbox_child.wire.spec import BridgeSpec, CageSpec

SPEC = BridgeSpec(
    kind="bridge",
    cage=CageSpec(0, None, (), 0, 0),
    max_request_bytes=1000,
    max_answer_bytes=1000,
    max_arguments_bytes=1000,
    max_log_line_bytes=50,
    max_log_lines=4,
    max_host_calls=3,
)


class Program:
    """A program of which only the answers matter: each call has the next number."""

    def __init__(self) -> None:
        self.calls = 0
        self.has_quit = False

    def _next(self) -> int:
        self.calls += 1
        return self.calls

    def output(self, link: int) -> bytes:
        return b""

    def feed(self, data: bytes, link: int) -> list[Happening]:
        return []

    def open_link(self, link: int) -> None: ...

    def close_link(self, link: int) -> None: ...

    def register(self) -> int:
        return self._next()

    def init(self, config: Mapping[str, str]) -> int:
        return self._next()

    def call(self, function: str, arguments: bytes, milliseconds: int | None) -> int:
        return self._next()

    def ping(self) -> int:
        return self._next()

    def shutdown(self) -> int:
        return self._next()

    def quit(self) -> None:
        self.has_quit = True

    def answer(self, called: HostCalled, result: bytes, error: str) -> None: ...


@pytest.fixture
def calls():
    made = Calls(SPEC, Program(), b"[]")
    made.take(Dispensed())
    assert [head for head, _ in told(made)] == [(READY, 0)]
    return made


def told(calls: Calls) -> list[tuple[tuple[int, ...], bytes]]:
    return list(FrameDecoder(10_000).feed(calls.output()))


def ask(calls: Calls, name: bytes = b"hello", seq: int = 1) -> None:
    calls.hear(((INVOKE, seq, 5000, len(name)), name))
    calls.next()


def printed(calls: Calls, text: bytes) -> None:
    calls.take(Printed(text, is_error=False))


def test_what_is_printed_during_a_call_is_told_at_once(calls):
    ask(calls)
    printed(calls, b"one\ntw")
    assert told(calls) == [((LOG, LogLevel.INFO), b"one")]
    calls.take(Returned(1, "", b"{}"))
    ((head, value),) = told(calls)
    assert (head[:3], value) == ((RESULT, 1, OutcomeCode.OK), b"{}")


def test_what_was_printed_between_two_calls_is_told_when_the_program_has_ended(calls):
    printed(calls, b"panic: as a bug does\nwithout an end of line")
    assert told(calls) == []
    assert calls.end("it is gone") == 1
    assert told(calls) == [
        ((LOG, LogLevel.INFO), b"panic: as a bug does"),
        ((LOG, LogLevel.INFO), b"without an end of line"),
    ]


def test_the_last_words_have_a_bound_and_say_what_is_missing(calls):
    printed(calls, b"line\n" * 10 + b"x" * 1000)
    calls.end("it is gone")
    *lines, last = told(calls)
    assert lines == [((LOG, LogLevel.INFO), b"line")] * SPEC.max_log_lines
    assert last == ((LOG, LogLevel.WARN), b"7 more log lines of this call were dropped")


def test_the_call_during_which_it_ended_has_the_lines_before_its_result(calls):
    ask(calls)
    printed(calls, b"so far")
    calls.end("it is gone")
    line, (head, why) = told(calls)
    assert line == ((LOG, LogLevel.INFO), b"so far")
    assert (head[:3], why) == ((RESULT, 1, OutcomeCode.TRAP), b"it is gone")


def test_behind_an_open_host_call_there_are_lines_and_no_result(calls):
    ask(calls)
    calls.take(HostCalled(None, "db_query", b"{}"))
    printed(calls, b"line\n" * 10)
    calls.end("it is gone")
    heads = [head[0] for head, _ in told(calls)]
    assert heads == [CALL] + [LOG] * (SPEC.max_log_lines + 1)


def test_the_result_of_a_shutdown_comes_behind_the_last_line(calls):
    ask(calls, NATIVE_SHUTDOWN)
    calls.take(Returned(1, "", b""))
    assert told(calls) == []
    printed(calls, b"good bye")
    assert calls.end("it is gone") == 0
    line, (head, _) = told(calls)
    assert line == ((LOG, LogLevel.INFO), b"good bye")
    assert head[:3] == (RESULT, 1, OutcomeCode.OK)


def test_a_refusal_of_the_plugin_is_its_answer(calls):
    ask(calls)
    calls.take(Returned(1, "no such thing", b""))
    ((head, value),) = told(calls)
    assert head[:3] == (RESULT, 1, OutcomeCode.OK)
    assert json.loads(value) == {"error": "no such thing", "status": 500}


def test_an_event_has_lines_and_no_result_where_the_program_is_gone(calls):
    ask(calls, NATIVE_EVENT)
    printed(calls, b"so far\nand so")
    assert calls.leave() == PROGRAM_GONE
    assert [line for _, line in told(calls)] == [b"so far", b"and so"]
