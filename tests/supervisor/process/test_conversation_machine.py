"""The conversation against a model of it, with a child that says anything at any time."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import CALL, EVENT, LOG, READY, RESULT, OutcomeCode
from supervisor.process.conversation import Budgets, Conversation, Phase, Work

BUDGETS = Budgets(
    request_bytes=100, log_lines=2, log_line_bytes=10, host_calls=3, memory_bytes=1 << 40
)

_near = st.integers(min_value=0, max_value=6)


class Child(RuleBasedStateMachine):
    """Keeps beside the conversation what it should know, in the plainest way."""

    def __init__(self) -> None:
        super().__init__()
        self.begin()

    def begin(self) -> None:
        self.now = 100.0
        self.conversation = Conversation(BUDGETS, self.now)
        self.phase = Phase.STARTING
        self.line: list[int] = []
        self.asked = 0
        self.calls = 0
        self.calls_now = 0
        self.lines_now = 0
        self.open = False
        self.broken = False

    def say(self, frame: bytes, *, legal: bool) -> bool:
        """Say it; check that it is heard or refused as the model thinks."""
        self.now += 0.001
        legal = legal and self.phase is not Phase.ENDED
        if legal:
            assert len(self.conversation.hear(frame, self.now)) == 1
        else:
            with pytest.raises(MessageError):
                self.conversation.hear(frame, self.now)
            self.broken = True
        return legal

    @precondition(lambda self: not self.broken and self.phase is not Phase.STARTING)
    @rule()
    def ask(self) -> None:
        self.asked += 1
        assert self.conversation.ask(Work(EVENT, b"", None), self.now) == self.asked
        self.line.append(self.asked)

    @precondition(lambda self: not self.broken)
    @rule(memory=st.integers(min_value=0, max_value=2**63 - 1))
    def ready(self, memory: int) -> None:
        if self.say(encode_frame((READY, memory), b"[]"), legal=self.phase is Phase.STARTING):
            self.phase = Phase.SERVING
            self.lines_now = 0

    @precondition(lambda self: not self.broken)
    @rule(ahead=st.integers(min_value=-2, max_value=2), code=_near)
    def result(self, ahead: int, code: int) -> None:
        first = self.line[0] if self.line else 0
        seq = max(0, first + ahead)
        known = code in OutcomeCode.__members__.values()
        if self.phase is Phase.STARTING:
            legal = known and seq == 0 and code not in (OutcomeCode.OK, OutcomeCode.OK_AND_LEFT)
        else:
            legal = known and bool(self.line) and seq == first and not self.open
        if self.say(encode_frame((RESULT, seq, code, 1, 1), b"text"), legal=legal):
            self.line = self.line[1:]
            self.calls_now = self.lines_now = 0
            if code != OutcomeCode.OK:
                self.phase = Phase.ENDED

    @precondition(lambda self: not self.broken)
    @rule(level=_near, size=st.integers(min_value=0, max_value=11))
    def log(self, level: int, size: int) -> None:
        turn = bool(self.line) or self.phase is Phase.STARTING
        legal = level < 4 and size <= 10 and turn and self.lines_now < 3
        if self.say(encode_frame((LOG, level), b"x" * size), legal=legal):
            self.lines_now += 1

    @precondition(lambda self: not self.broken and self.phase is Phase.STARTING)
    @rule()
    def become_ready(self) -> None:
        """Make the start short: most of what there is to find lies behind it."""
        self.ready(65536)

    @precondition(lambda self: not self.broken)
    @rule(ahead=st.integers(min_value=0, max_value=2), name=_near)
    def call(self, ahead: int, name: int) -> None:
        legal = (
            self.phase is Phase.SERVING
            and bool(self.line)
            and not self.open
            and ahead == 1
            and 1 <= name <= 3
            and self.calls_now < 3
        )
        if self.say(encode_frame((CALL, self.calls + ahead, name), b"{}"), legal=legal):
            self.calls += 1
            self.calls_now += 1
            self.open = True

    @precondition(lambda self: self.open and not self.broken)
    @rule()
    def answer(self) -> None:
        self.conversation.answered(self.calls)
        self.open = False

    @precondition(lambda self: self.broken)
    @rule()
    def another_child(self) -> None:
        self.begin()

    @invariant()
    def knows_the_same(self) -> None:
        if not self.broken:
            assert self.conversation.phase is self.phase
            assert [work.seq for work in self.conversation.in_line] == self.line
            busy = self.conversation.busy_since()
            assert (busy is not None) == (self.phase is Phase.STARTING or bool(self.line))


TestChild = Child.TestCase
TestChild.settings = settings(deadline=None, max_examples=80, stateful_step_count=30)
