"""A hundred thousand malformed sequences, in this process: each refused, none remembered."""

import gc
import itertools
import random
import time
import tracemalloc
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.wire.errors import MessageError, WireError
from sandbox_child.wire.messages import MAX_REPORT
from supervisor.process.conversation import Conversation
from tests.fuzz.grammar import READY, frame, pieces, sequence
from tests.fuzz.judge import BUDGETS, MOST_BUFFERED, Judge

MALFORMED = 100_000
SEED = 20_261
SLOWEST_S = 1.0
GROWTH_BYTES = 256 * 1024


def play_one(rng: random.Random) -> Judge:
    steps = sequence(rng)
    judge = Judge()
    judge.play(steps, lambda data: pieces(data, rng))
    return judge


def test_a_hundred_thousand_malformed_sequences_are_refused_quickly():
    rng = random.Random(SEED)
    reasons: Counter[str] = Counter()
    slowest = 0.0
    refused = 0
    while refused < MALFORMED:
        began = time.thread_time()
        judge = play_one(rng)
        slowest = max(slowest, time.thread_time() - began)
        if judge.refused is not None:
            refused += 1
            reasons[judge.refused] += 1
    assert slowest < SLOWEST_S
    # The fuzzer reaches every rule that the conversation and the frames have.
    for word in (
        "a head of", "a blob of", "not a msgpack array", "not a non-empty array", "unknown kind",
        "not an unsigned integer", "items; it has", "READY a second time", "unknown outcome",
        "too long a text", "while a host call is open", "before READY", "does not run",
        "unknown name", "while another is open", "outside of a guest call", "out of turn",
        "too long a request", "more host calls", "unknown level", "too long a line",
        "more log lines", "behind the last one", "LOG outside", "CALL outside",
    ):  # fmt: skip
        assert any(word in reason for reason in reasons), f"never refused for: {word}"


def test_malformed_sequences_leave_no_memory_behind():
    rng = random.Random(SEED + 1)

    def some() -> None:
        for _ in range(3_000):
            play_one(rng)
        gc.collect()

    tracemalloc.start()
    try:
        some()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        some()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < GROWTH_BYTES
    # One conversation at a time: a frame, what is made of it, and what of it is not read yet.
    assert peak - before < 8 * MOST_BUFFERED


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**64), st.lists(st.integers(1, 2**20), max_size=12))
def test_how_the_bytes_arrive_changes_nothing_that_is_believed(seed: int, places: list[int]):
    steps = sequence(random.Random(seed))

    def cut(data: bytes) -> list[bytes]:
        ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
        return [data[a:b] for a, b in itertools.pairwise(ends)]

    whole, in_pieces = Judge(), Judge()
    whole.play(steps)
    in_pieces.play(steps, cut)
    assert whole.refused == in_pieces.refused
    if whole.refused is None:
        assert [type(o) for o in whole.heard] == [type(o) for o in in_pieces.heard]


@settings(deadline=None, max_examples=500)
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_at_all_are_heard_or_refused(said: list[bytes]):
    conversation = Conversation(BUDGETS, 0.0)
    for data in said:
        try:
            conversation.hear(data, 1.0)
        except WireError:
            return


def test_a_report_has_its_own_limit_where_requests_may_be_longer():
    conversation = Conversation(replace(BUDGETS, request_bytes=2 * MAX_REPORT), 0.0)
    with pytest.raises(MessageError, match="too long a report"):
        conversation.hear(frame((READY, 1), b"x" * (MAX_REPORT + 1)), 1.0)
