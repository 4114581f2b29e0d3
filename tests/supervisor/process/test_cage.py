"""No two living children have one user."""

import pytest

from supervisor.process.cage import RANGE, Uids
from supervisor.process.errors import SpawnRefused


def test_a_user_is_not_given_again_while_its_first_holder_lives():
    uids = Uids()
    first = uids.take(64_000)
    for _ in range(3 * RANGE):
        uid = uids.take(64_000)
        assert uid != first
        uids.give_back(uid)


def test_a_user_that_was_given_back_comes_last():
    uids = Uids()
    uids.give_back(uids.take(64_000))
    assert [uids.take(64_000) for _ in range(RANGE)][-1] == 64_000


def test_with_every_user_taken_no_child_is_made():
    uids = Uids()
    for _ in range(RANGE):
        uids.take(64_000)
    with pytest.raises(SpawnRefused, match="1,000 users from 64000 on"):
        uids.take(64_000)
