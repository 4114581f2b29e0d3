"""Calls that keep ending the process: a pause for whoever makes them, and for nobody else."""

from supervisor.delivery.call_backoff import FIRST_S, FREE, LONGEST_S, MOST, CallBackoff


def failing(times: int, person: str = "ann", now: float = 0.0) -> CallBackoff:
    backoff = CallBackoff()
    for _ in range(times):
        backoff.failed("render", person, now)
    return backoff


def test_a_page_that_failed_is_tried_again_at_once():
    assert failing(FREE - 1).wait_s("render", "ann", 0.0) == 0.0


def test_the_pause_doubles_and_ends():
    waits = [failing(FREE + more).wait_s("render", "ann", 0.0) for more in range(10)]
    assert waits[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert max(waits) == LONGEST_S
    assert failing(FREE).wait_s("render", "ann", FIRST_S) == 0.0


def test_other_people_and_other_functions_do_not_wait():
    backoff = failing(FREE + 5)
    assert backoff.wait_s("render", "bob", 0.0) == 0.0
    assert backoff.wait_s("save", "ann", 0.0) == 0.0


def test_one_success_ends_the_row():
    backoff = failing(FREE + 5)
    backoff.passed("render", "ann")
    backoff.failed("render", "ann", 0.0)
    assert backoff.wait_s("render", "ann", 0.0) == 0.0


def test_what_is_remembered_is_bounded():
    backoff = CallBackoff()
    for number in range(MOST + 10):
        for _ in range(FREE):
            backoff.failed("render", f"person {number}", 0.0)
    assert backoff.wait_s("render", "person 0", 0.0) == 0.0
    assert backoff.wait_s("render", f"person {MOST + 9}", 0.0) > 0.0
