"""``kill -9`` of the server at each step of a delivery: nothing is lost, nothing is left."""

import signal

import pytest

from tests.faults.strikes import STEPS

AT_A_TICKET = [name for name in STEPS if name not in {"redelivery marked", "stopping"}]


def post(server, subject):
    """Create tickets, the last of which leads where the server dies, if it lives so long."""
    for _ in range(3):
        server.ticket("Any ticket")
    server.ticket(subject)


def look_at(site, server):
    """Look at what a killed server left behind; return its books."""
    assert server.wait_end() == -signal.SIGKILL, server.log()[-2000:]
    books = site.books()
    assert books.problems == []
    assert site.left_over(server) == []
    return books


def settle(site, serve):
    """Start again, wait until nothing waits, stop; return the books."""
    server = serve()
    server.wait_settled()
    assert server.stop() == 0
    assert site.left_over(server) == []
    assert not (site.data / "control.sock").exists()
    books = site.books()
    assert books.problems == []
    return books


@pytest.mark.parametrize("step", AT_A_TICKET)
def test_nothing_is_lost_when_the_server_is_killed_at(step, site, serve):
    server = serve(f"die:{step}:1")
    post(server, STEPS[step].subject)
    at_death = look_at(site, server)
    assert at_death.events > 0
    books = settle(site, serve)
    # What was in flight is marked, and nobody is notified of a redelivery that was none.
    assert books.marked == at_death.in_flight | at_death.marked
    assert books.outcomes["dropped"] == 0
    assert not books.lost


def test_an_event_that_ran_at_two_crashes_is_not_tried_a_third_time(site, serve):
    fault = "die:running in the guest:1"
    server = serve(fault)
    post(server, STEPS["running in the guest"].subject)
    first = look_at(site, server)
    second = look_at(site, serve(fault, wait=False))
    books = settle(site, serve)
    # Not the oldest of those in flight: the one that was running.
    guilty = max(event for event in first.in_flight if event[0] == "org.example.mood")
    assert guilty in second.in_flight
    assert {event for event in books.lost if event[0] == "org.example.mood"} == {guilty}
    assert books.lost <= books.marked


def test_a_crash_behind_the_mark_of_a_redelivery_loses_nothing(site, serve):
    server = serve("die:sent:1")
    post(server, "Any ticket")
    first = look_at(site, server)
    look_at(site, serve("die:redelivery marked:1", wait=False))
    books = settle(site, serve)
    # It may have run twice by then, and is given up rather than run a third time.
    assert books.lost
    assert books.lost <= first.in_flight & books.marked


def test_a_server_that_is_killed_while_it_stops_loses_nothing(site, serve):
    server = serve("die:stopping:1")
    for number in range(20):
        assert server.ticket(f"Ticket {number}") == 201
    assert server.stop() == -signal.SIGKILL
    look_at(site, server)
    assert settle(site, serve).delivered >= 20
