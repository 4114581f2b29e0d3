"""Plays a sequence to a conversation and holds what it believed against the rules.

The rules are written down a second time here, by what was asked and what was heard alone, so that a
check that the conversation forgets shows as a belief that it should not have.
"""

from collections import Counter
from collections.abc import Iterable

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import MAX_HEAD, PREFIX_LENGTH
from sandbox_child.wire.messages import EVENT, MAX_REPORT, MAX_TEXT, OutcomeCode
from supervisor.process.conversation import (
    Budgets,
    Called,
    Conversation,
    Finished,
    Logged,
    Occurrence,
    Phase,
    Work,
)
from tests.fuzz import grammar
from tests.fuzz.grammar import Step

BUDGETS = Budgets(
    request_bytes=grammar.REQUEST_BYTES,
    log_lines=grammar.LOG_LINES,
    log_line_bytes=grammar.LOG_BYTES,
    host_calls=grammar.HOST_CALLS,
    memory_bytes=1 << 40,
)
MOST_BUFFERED = PREFIX_LENGTH + MAX_HEAD + max(BUDGETS.request_bytes, MAX_REPORT)


class Judge:
    """One conversation, with the supervisor's side of it and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.conversation = Conversation(BUDGETS, 0.0)
        self.refused: str | None = None
        """Why the conversation ended as a broken protocol."""
        self.heard: list[Occurrence] = []
        self._now = 0.0
        self._asked: list[Work] = []
        self._finished = 0
        self._open: Called | None = None
        self._calls = 0
        self._ready = self._ended = False
        self._spent = 0.0
        self._lines: Counter[int] = Counter()

    def play(self, steps: Iterable[Step], cut: object = None) -> None:
        """Play until the protocol is broken; ``cut`` says how each step's bytes arrive."""
        for step in steps:
            self._supervise(step)
            for piece in cut(step.say) if callable(cut) else (step.say,):
                if piece and not self.hear(piece):
                    return

    def hear(self, data: bytes) -> bool:
        """Let the child say something; return whether it kept to the protocol."""
        self._now += 0.001
        try:
            heard = self.conversation.hear(data, self._now)
        except WireError as exc:
            self.refused = str(exc)
            assert 0 < len(self.refused) < 200
            return False
        assert self.conversation._decoder.buffered <= MOST_BUFFERED
        for occurrence in heard:
            self._judge(occurrence)
        self.heard += heard
        return True

    def _supervise(self, step: Step) -> None:
        conversation = self.conversation
        if step.answer and self._open is not None:
            conversation.answered(self._open.call)
            self._open = None
        if conversation.phase is Phase.SERVING:
            for _ in range(step.ask):
                work = Work(EVENT, b"{}", None)
                conversation.ask(work, self._now)
                self._asked.append(work)

    def _judge(self, occurrence: Occurrence) -> None:
        assert not self._ended, "believed behind the last message"
        if isinstance(occurrence, Finished):
            self._judge_result(occurrence)
        elif isinstance(occurrence, Called):
            self._judge_call(occurrence)
        elif isinstance(occurrence, Logged):
            running = self._running()
            assert occurrence.work is running
            assert running is not None or not self._ready, "a line of nobody"
            self._lines[id(running)] += 1
            assert self._lines[id(running)] <= BUDGETS.log_lines + 1
            assert len(occurrence.text) <= BUDGETS.log_line_bytes
        else:
            assert not self._ready, "READY twice"
            assert len(occurrence.report) <= MAX_REPORT
            self._ready = True

    def _judge_result(self, result: Finished) -> None:
        assert result.work is self._running(), "a result of something else than what runs"
        assert self._open is None, "a result while a call was open"
        assert result.work is not None or result.outcome is not OutcomeCode.OK
        self._finished += result.work is not None
        self._calls = 0
        self._ended = result.outcome is not OutcomeCode.OK
        assert len(result.text) <= MAX_TEXT
        assert 0 <= result.memory_bytes < 1 << 63
        assert result.duration_s >= 0
        self._spent += result.duration_s
        assert self._spent <= self._now + 1e-9, "more time than has passed"

    def _judge_call(self, called: Called) -> None:
        assert called.work is self._running()
        assert called.work is not None
        assert self._open is None, "two calls at once"
        assert len(called.request) <= BUDGETS.request_bytes
        self._open = called
        self._calls += 1
        assert self._calls <= BUDGETS.host_calls

    def _running(self) -> Work | None:
        return self._asked[self._finished] if self._finished < len(self._asked) else None
