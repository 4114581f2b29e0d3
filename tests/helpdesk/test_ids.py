import re
import threading
import time

import pytest

from helpdesk.ids import new_id


def test_an_id_is_a_ulid_of_this_moment():
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", made)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    for letter in made[:10]:
        milliseconds = milliseconds * 32 + alphabet.index(letter)
    assert before - 1 <= milliseconds <= time.time_ns() // 1_000_000 + 1


def test_ids_grow_within_a_millisecond():
    made = [new_id() for _ in range(5_000)]
    assert made == sorted(set(made))


def test_ids_grow_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch):
    first = new_id()
    an_hour_ago = time.time_ns() - 3_600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: an_hour_ago)
    assert new_id() > first


def test_ids_of_many_threads_are_all_different():
    made: list[list[str]] = [[] for _ in range(8)]

    def draw(into: list[str]) -> None:
        into.extend(new_id() for _ in range(1_000))

    threads = [threading.Thread(target=draw, args=(part,)) for part in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(part == sorted(part) for part in made)
    assert len({drawn for part in made for drawn in part}) == 8_000
