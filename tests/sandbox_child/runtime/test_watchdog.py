"""The watchdog: it flushes while a guest call runs, interrupts a late one, and otherwise sleeps."""

import threading
import time
from collections.abc import Callable

import pytest
import wasmtime

from sandbox_child.runtime.errors import GuestInterrupted
from sandbox_child.runtime.guest import Guest, GuestLimits
from sandbox_child.runtime.watchdog import Watchdog

LOOP = """(module
  (memory (export "memory") 1)
  (func (export "spin") (loop $again (br $again)))
  (func (export "quick")))"""


def make_guest(engine: wasmtime.Engine) -> Guest:
    guest = Guest(engine, wasmtime.Module(engine, LOOP), GuestLimits(1 << 20, 10))
    guest.instantiate()
    return guest


def test_a_guest_that_loops_is_interrupted_shortly_before_its_deadline(
    engine: wasmtime.Engine,
) -> None:
    guest = make_guest(engine)
    watchdog = Watchdog(engine, 0.3, lambda: None)
    watchdog.start()
    began = time.monotonic()
    watchdog.begin(began)
    with pytest.raises(GuestInterrupted):
        guest.function("spin", (), ())()
    assert time.monotonic() - began >= 0.26
    guest.close()


def test_what_waits_is_flushed_while_a_guest_call_runs(engine: wasmtime.Engine) -> None:
    flushed = threading.Event()
    watchdog = Watchdog(engine, 60, flushed.set)
    watchdog.start()
    watchdog.begin(time.monotonic())
    assert flushed.wait(30)
    watchdog.end()


def test_it_sleeps_when_nothing_runs_and_wakes_for_the_next_call(engine: wasmtime.Engine) -> None:
    again = threading.Event()
    watchdog = Watchdog(engine, 60, again.set)
    watchdog.start()
    for _ in range(5):
        again.clear()
        watchdog.begin(time.monotonic())
        assert again.wait(30)
        watchdog.end()
        assert wait_until(lambda: watchdog._asleep)


def test_an_interruption_that_comes_too_late_is_told_to_the_next_call(
    engine: wasmtime.Engine,
) -> None:
    guest = make_guest(engine)
    watchdog = Watchdog(engine, 0.1, lambda: None)
    watchdog.start()
    assert watchdog.begin(time.monotonic()) is False
    assert wait_until(lambda: watchdog._interrupted)  # as a guest that waits in a host call
    assert watchdog.begin(time.monotonic() + 60) is True
    guest.rearm()
    guest.function("quick", (), ())()
    assert watchdog.begin(time.monotonic() + 60) is False
    watchdog.end()
    guest.close()


def wait_until(condition: Callable[[], bool]) -> bool:
    """Poll a condition that another thread brings about."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if condition():
            return True
        threading.Event().wait(0.002)
    return False
