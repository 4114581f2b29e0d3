"""What a child may say, when, and how much: each right message, and each wrong one at each time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox_child.wire.errors import MessageError, WireError
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import (
    ANSWER,
    CALL,
    EVENT,
    LOG,
    MAX_REPORT,
    MAX_TEXT,
    PANEL,
    READY,
    RESULT,
    HostCall,
    LogLevel,
    OutcomeCode,
)
from supervisor.process.conversation import (
    Budgets,
    Called,
    Conversation,
    Finished,
    Logged,
    Phase,
    Ready,
    Spent,
    Work,
)

BUDGETS = Budgets(
    request_bytes=1000, log_lines=3, log_line_bytes=50, host_calls=2, memory_bytes=1 << 20
)
MILLISECOND = 1_000_000

START_FAILED = encode_frame((RESULT, 0, OutcomeCode.TRAP, 5, 0), b"it trapped")
IS_READY = encode_frame((READY, 65536), b"[]")
A_LINE = encode_frame((LOG, 1), b"line")
A_CALL = encode_frame((CALL, 1, HostCall.HTTP_REQUEST), b"{}")


def ok(seq: int, nanoseconds: int = MILLISECOND, blob: bytes = b"") -> bytes:
    return encode_frame((RESULT, seq, OutcomeCode.OK, nanoseconds, 65536), blob)


def trapped(seq: int) -> bytes:
    return encode_frame((RESULT, seq, OutcomeCode.TRAP, MILLISECOND, 65536), b"unreachable")


def starting() -> Conversation:
    return Conversation(BUDGETS, started=100.0)


def idle() -> Conversation:
    conversation = starting()
    conversation.hear(IS_READY, 100.5)
    return conversation


def working(count: int = 1) -> Conversation:
    conversation = idle()
    for _ in range(count):
        conversation.ask(Work(EVENT, b"{}", None), 101.0)
    return conversation


def calling() -> Conversation:
    conversation = working(2)
    conversation.hear(A_CALL, 101.1)
    return conversation


def ended() -> Conversation:
    conversation = working(2)
    conversation.hear(trapped(1), 101.1)
    return conversation


def start_failed() -> Conversation:
    conversation = starting()
    conversation.hear(START_FAILED, 100.1)
    return conversation


def test_a_child_starts_works_and_fails() -> None:
    conversation = starting()
    assert conversation.phase is Phase.STARTING
    (ready,) = conversation.hear(IS_READY, 100.2)
    assert ready == Ready(65536, b"[]")
    assert conversation.phase is Phase.SERVING
    works = [Work(EVENT, b"{}", "a"), Work(PANEL, b"01T", "b"), Work(EVENT, b"{}", "c")]
    assert [conversation.ask(work, 101.0) for work in works] == [1, 2, 3]
    heard = conversation.hear(ok(1) + A_LINE + ok(2, blob=b"https://x") + trapped(3), 102.0)
    first, line, second, third = heard
    assert isinstance(first, Finished)
    assert first.work is works[0]
    assert line == Logged(LogLevel.INFO, "line", works[1])
    assert isinstance(second, Finished)
    assert second.text == "https://x"
    assert isinstance(third, Finished)
    assert (third.work, third.outcome, third.text) == (works[2], OutcomeCode.TRAP, "unreachable")
    assert conversation.phase is Phase.ENDED


def with_memory(size: int) -> bytes:
    return encode_frame((RESULT, 1, OutcomeCode.OK, MILLISECOND, size))


def test_a_child_whose_memory_is_nearly_full_is_done_and_what_waited_in_it_is_left() -> None:
    conversation = working(3)
    conversation.hear(with_memory(BUDGETS.memory_bytes * 7 // 8 + 1), 102.0)
    assert conversation.spent is Spent.MEMORY_FULL
    assert conversation.phase is Phase.ENDED
    assert [work.seq for work in conversation.in_line] == [2, 3]
    with pytest.raises(MessageError, match="behind the last"):
        conversation.hear(A_LINE, 102.1)


def test_a_child_with_an_eighth_of_its_memory_left_goes_on() -> None:
    conversation = working(3)
    conversation.hear(with_memory(BUDGETS.memory_bytes * 7 // 8), 102.0)
    assert conversation.spent is None
    assert conversation.phase is Phase.SERVING


def test_a_guest_that_starts_with_nearly_all_of_its_memory_is_served_until_it_grows() -> None:
    conversation = starting()
    conversation.hear(encode_frame((READY, 1_000_000), b"[]"), 100.5)
    for _ in range(2):
        conversation.ask(Work(EVENT, b"{}", None), 101.0)
    conversation.hear(with_memory(1_000_000), 102.0)
    assert conversation.spent is None


def test_a_start_that_fails_belongs_to_no_work() -> None:
    conversation = starting()
    line, failed = conversation.hear(A_LINE + START_FAILED, 100.2)
    assert line == Logged(LogLevel.INFO, "line", None)
    assert isinstance(failed, Finished)
    assert (failed.work, failed.text) == (None, "it trapped")
    assert conversation.phase is Phase.ENDED


def test_a_call_is_open_until_it_is_answered() -> None:
    conversation = working()
    (called,) = conversation.hear(A_CALL, 101.1)
    assert isinstance(called, Called)
    assert (called.name, called.request) == (HostCall.HTTP_REQUEST, b"{}")
    conversation.answered(1)
    second = encode_frame((CALL, 2, HostCall.ADD_REPLY), b"{}")
    (called,) = conversation.hear(second, 101.2)
    assert isinstance(called, Called)
    assert called.name is HostCall.ADD_REPLY


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (starting, ok(0)),
        (starting, ok(1)),
        (starting, trapped(1)),
        (starting, A_CALL),
        (idle, IS_READY),
        (idle, ok(1)),
        (idle, ok(0)),
        (idle, START_FAILED),
        (idle, A_LINE),
        (idle, A_CALL),
        (working, IS_READY),
        (working, ok(0)),
        (working, ok(2)),
        (working, START_FAILED),
        (working, ok(1) + ok(1)),
        (working, ok(1) + A_LINE),
        (working, encode_frame((CALL, 2, HostCall.HTTP_REQUEST), b"{}")),
        (working, encode_frame((CALL, 0, HostCall.HTTP_REQUEST), b"{}")),
        (working, encode_frame((CALL, 1, 0), b"{}")),
        (working, encode_frame((CALL, 1, 5), b"{}")),
        (working, encode_frame((LOG, 4), b"line")),
        (working, encode_frame((RESULT, 1, 7, 0, 0))),
        (working, encode_frame((EVENT, 1), b"{}")),
        (working, encode_frame((PANEL, 1), b"01T")),
        (working, encode_frame((ANSWER, 1, 200), b"")),
        (working, encode_frame((99, 1))),
        (working, encode_frame(("x",))),
        (working, encode_frame((None,))),
        (working, encode_frame((True, 1))),
        (working, encode_frame(((RESULT, 1), 1))),
        (calling, ok(1)),
        (calling, trapped(1)),
        (calling, A_CALL),
        (calling, encode_frame((CALL, 2, HostCall.HTTP_REQUEST), b"{}")),
        (ended, ok(2)),
        (ended, A_LINE),
        (ended, IS_READY),
        (ended, A_CALL),
        (start_failed, IS_READY),
        (start_failed, START_FAILED),
        (start_failed, A_LINE),
    ],
)
def test_what_is_out_of_turn_breaks_the_protocol(
    at: Callable[[], Conversation], said: bytes
) -> None:
    with pytest.raises(MessageError):
        at().hear(said, 102.0)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (starting, encode_frame((READY, 1), b"x" * (MAX_REPORT + 1))),
        (working, encode_frame((RESULT, 1, 1, 0, 0), b"x" * (MAX_TEXT + 1))),
        (working, encode_frame((LOG, 1), b"x" * 51)),
        (working, encode_frame((CALL, 1, 1), b"x" * 1001)),
        (starting, A_LINE * 5),
        (working, A_LINE * 5),
        (working, encode_frame((CALL, 1, 1), b"x" * 70_000)),
        (working, b"\xff" * 8),
        (working, b"\x01\0\0\0\0\0\0\0\xc1"),
    ],
)
def test_what_is_too_large_or_too_much_breaks_the_protocol(
    at: Callable[[], Conversation], said: bytes
) -> None:
    with pytest.raises(WireError):
        at().hear(said, 102.0)


def test_what_just_fits_is_heard() -> None:
    assert len(starting().hear(A_LINE * 4 + IS_READY, 100.1)) == 5
    conversation = working(2)
    # One line more than a guest may log: the one that says how many were dropped.
    assert len(conversation.hear(A_LINE * 4 + ok(1) + A_LINE * 4 + ok(2), 101.1)) == 10
    long_call = encode_frame((CALL, 1, 1), b"x" * 1000)
    assert len(working().hear(encode_frame((LOG, 1), b"x" * 50) + long_call, 101.1)) == 2


def test_host_calls_are_counted_for_each_event_alone() -> None:
    conversation = working(2)
    for number in (1, 2):
        conversation.hear(encode_frame((CALL, number, 1)), 101.1)
        conversation.answered(number)
    conversation.hear(ok(1), 101.2)
    for number in (3, 4):
        conversation.hear(encode_frame((CALL, number, 1)), 101.3)
        conversation.answered(number)
    with pytest.raises(MessageError, match="more host calls"):
        conversation.hear(encode_frame((CALL, 5, 1)), 101.4)


def test_an_answer_to_another_call_leaves_this_one_open() -> None:
    conversation = calling()
    conversation.answered(7)
    with pytest.raises(MessageError, match="while a host call is open"):
        conversation.hear(ok(1), 102.0)


def test_half_a_frame_is_waited_for() -> None:
    conversation = working()
    said = ok(1)
    for byte in said[:-1]:
        assert conversation.hear(bytes([byte]), 101.1) == []
    assert len(conversation.hear(said[-1:], 101.2)) == 1


def test_nothing_is_asked_of_a_child_that_is_not_ready() -> None:
    with pytest.raises(RuntimeError, match="before it was ready"):
        starting().ask(Work(EVENT, b"{}", None), 100.1)


def test_it_is_busy_from_its_start_to_ready_and_from_the_first_event_to_the_last() -> None:
    conversation = starting()
    assert conversation.busy_since() == 100.0
    conversation.hear(IS_READY, 100.5)
    assert conversation.busy_since() is None
    works = [Work(EVENT, b"{}", None), Work(EVENT, b"{}", None)]
    conversation.ask(works[0], 110.0)
    conversation.ask(works[1], 111.0)
    assert conversation.busy_since() == 110.0
    conversation.hear(ok(1), 112.0)
    assert conversation.busy_since() == 112.0
    assert works[1].started == 112.0
    conversation.hear(ok(2), 113.0)
    assert conversation.busy_since() is None


def test_results_that_come_at_once_each_keep_their_own_duration() -> None:
    conversation = working(3)  # busy since 101.0
    heard = conversation.hear(
        ok(1, 200 * MILLISECOND) + ok(2, 300 * MILLISECOND) + ok(3, 100 * MILLISECOND), 102.0
    )
    durations = [result.duration_s for result in heard if isinstance(result, Finished)]
    assert durations == pytest.approx([0.2, 0.3, 0.1])


def test_a_child_cannot_claim_more_time_than_has_passed() -> None:
    conversation = working(3)  # busy since 101.0
    heard = conversation.hear(ok(1, 2**62) + ok(2, 2**62), 102.0)
    durations = [result.duration_s for result in heard if isinstance(result, Finished)]
    assert durations == pytest.approx([1.0, 0.0])
    (last,) = conversation.hear(ok(3, 2**62), 102.5)
    assert isinstance(last, Finished)
    assert last.duration_s == pytest.approx(0.5)


def test_text_that_is_not_utf_8_is_replaced() -> None:
    (line,) = working().hear(encode_frame((LOG, 2), b"\xff\xfe"), 101.1)
    assert isinstance(line, Logged)
    assert line.text == "\ufffd\ufffd"


def test_the_last_lines_of_a_native_program_come_outside_of_a_guest_call_and_are_counted():
    conversation: Conversation[str] = Conversation(replace(BUDGETS, last_lines=2), 0.0)
    conversation.hear(IS_READY, 0.1)
    assert conversation.hear(A_LINE * 2, 0.2) == [Logged(LogLevel.INFO, "line", None)] * 2
    with pytest.raises(MessageError, match="LOG outside of a guest call"):
        conversation.hear(A_LINE, 0.3)
