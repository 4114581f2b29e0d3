"""``kill -9`` at random moments under load: of the server, its fork server, and its children."""

import os
import random
import signal
import time

import pytest

from tests.faults.desk import some_ticket, until

SEED = 40_261
SERVER_KILLS = 6
"""In a row, over one data directory. ``python -m tests.faults`` does hundreds."""


def load_for(server, rng, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.status is None:
        some_ticket(server, rng)


def test_nothing_is_lost_when_the_server_is_killed_at_any_moment(site, serve):
    rng = random.Random(SEED)
    in_flight = set()
    for number in range(SERVER_KILLS):
        # Every third is killed while it starts.
        server = serve(wait=number % 3 != 2)
        load_for(server, rng, rng.uniform(0.0, 0.7))
        server.kill()
        books = site.books()
        assert books.problems == []
        assert site.left_over(server) == []
        in_flight |= books.in_flight
    server = serve()
    books = server.wait_settled()
    assert server.stop() == 0
    assert site.left_over(server) == []
    assert books.problems == []
    assert books.events > 0
    # Whatever was claimed at a crash and has a result by now came again, and says so.
    assert in_flight <= books.marked


@pytest.mark.parametrize("victim", ["ohd-plugin", "ohd-forkserver"])
def test_nothing_is_lost_when_a_process_of_the_server_is_killed(victim, site, serve):
    rng = random.Random(SEED)
    server = serve()
    killed = set()
    for _ in range(5):
        load_for(server, rng, 0.2)
        pids = until(lambda: [p for p, name in server.children() if name == victim])
        target = rng.choice(pids)
        os.kill(target, signal.SIGKILL)
        killed.add(target)
        # A child that dies asks for another one, which is when a dead fork server is missed.
        server.ticket("~t traps")
    books = server.wait_settled()
    assert books.problems == []
    assert server.status is None
    # One that is needed again is there in a moment: with the results, or with what comes behind.
    alive = dict(until(lambda: [one for one in server.children() if one[1] == victim]))
    assert not killed & set(alive)
    assert server.stop() == 0
    assert site.left_over(server) == []
    # A child that is killed costs the event that ran in it, and no other.
    assert books.outcomes["lost"] <= len(killed)
    assert books.outcomes["start_failed"] == books.outcomes["protocol"] == 0
