"""The shapes of messages: a head that passes can be trusted to be that many unsigned integers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import Head
from sandbox_child.wire.messages import (
    ANSWER,
    CALL,
    EVENT,
    FROM_CHILD,
    INVOKE,
    LOG,
    PANEL,
    READY,
    REGISTER,
    RESULT,
    TO_CHILD,
    check_head,
)

RIGHT = {
    EVENT: (EVENT, 1),
    PANEL: (PANEL, 1),
    ANSWER: (ANSWER, 1, 200),
    INVOKE: (INVOKE, 1, 5000, 4),
    REGISTER: (REGISTER, 1),
    READY: (READY, 65536),
    RESULT: (RESULT, 1, 0, 5, 65536),
    CALL: (CALL, 1, 1),
    LOG: (LOG, 3),
}

_anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.tuples()


@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_head_passes(kind: int) -> None:
    assert check_head(RIGHT[kind], FROM_CHILD | TO_CHILD) == kind


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize("wrong", [-1, 2**63, True, None, 1.0, "1", (), b"1"])
def test_no_item_may_be_anything_but_an_unsigned_integer(kind: int, wrong: object) -> None:
    with pytest.raises(MessageError, match="not an unsigned integer"):
        check_head((*RIGHT[kind][:-1], wrong), FROM_CHILD | TO_CHILD)


@pytest.mark.parametrize("kind", RIGHT)
def test_a_head_that_is_too_long_or_too_short_is_refused(kind: int) -> None:
    for head in (RIGHT[kind][:-1], (*RIGHT[kind], 0)):
        with pytest.raises(MessageError, match=f"{len(head)} items"):
            check_head(head, FROM_CHILD | TO_CHILD)


@pytest.mark.parametrize("kind", sorted(TO_CHILD))
def test_a_child_may_not_say_what_only_the_supervisor_says(kind: int) -> None:
    with pytest.raises(MessageError, match="unknown kind"):
        check_head(RIGHT[kind], FROM_CHILD)


@settings(deadline=None)
@given(st.lists(_anything, min_size=1, max_size=8).map(tuple))
def test_any_head_passes_or_is_a_message_error(head: Head) -> None:
    try:
        check_head(head, FROM_CHILD)
    except MessageError:
        return
    assert all(type(item) is int and item >= 0 for item in head)
