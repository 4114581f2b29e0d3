"""Guessing is slowed, and memory stays bounded."""

import pytest

from webapp.security.throttle import Throttle


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hands:
    return Hands()


def test_attempts_up_to_the_limit_go_on_and_the_next_must_wait(clock: Hands) -> None:
    throttle = Throttle(window_s=60, clock=clock)
    assert [throttle.begin("a", 3) for _ in range(3)] == [0.0, 0.0, 0.0]
    clock.now += 10
    assert throttle.begin("a", 3) == pytest.approx(50)


def test_a_refused_attempt_does_not_make_the_wait_longer(clock: Hands) -> None:
    throttle = Throttle(window_s=60, clock=clock)
    throttle.begin("a", 1)
    for _ in range(5):
        clock.now += 10
        assert throttle.begin("a", 1) == pytest.approx(1060 - clock.now)
    clock.now += 10
    assert throttle.begin("a", 1) == 0.0


def test_keys_do_not_slow_each_other(clock: Hands) -> None:
    throttle = Throttle(window_s=60, clock=clock)
    throttle.begin("a", 1)
    assert throttle.begin("b", 1) == 0.0


def test_success_makes_room_again(clock: Hands) -> None:
    throttle = Throttle(window_s=60, clock=clock)
    throttle.begin("a", 2)
    throttle.begin("a", 2)
    throttle.take_back("a")
    assert throttle.begin("a", 2) == 0.0
    throttle.forget("a")
    assert [throttle.begin("a", 2) for _ in range(2)] == [0.0, 0.0]


def test_only_so_many_keys_are_kept_and_the_busiest_stay(clock: Hands) -> None:
    throttle = Throttle(window_s=60, max_keys=10, clock=clock)
    throttle.begin("attacker", 1)
    for number in range(100):
        throttle.begin(f"key {number}", 1)
        assert throttle.begin("attacker", 1) > 0
    assert len(throttle) == 10
