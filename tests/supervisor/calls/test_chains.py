"""A budget belongs to the first cause: what follows from one event has none of its own."""

from sandbox_child.wire.messages import EVENT
from supervisor.calls.chains import MOST_ACCOUNTS, Chains
from supervisor.limits import Limits
from supervisor.process.conversation import Work

LIMITS = Limits(host_calls=5, http_requests=2)


def draws(chains, work, count, *, is_http=False):
    return [chains.draw(work, LIMITS, is_http=is_http) for _ in range(count)]


def test_what_follows_from_an_event_draws_on_what_its_first_cause_has_left():
    chains, first = Chains(), Work(EVENT, b"{}", None)
    assert draws(chains, first, 3) == [None] * 3
    second = Work(EVENT, b"{}", None, cause=first.cause)
    assert draws(chains, second, 2) == [None] * 2
    third = Work(EVENT, b"{}", None, cause=second.cause)
    refused = "more than 5 host calls in one event and what followed from it"
    assert draws(chains, third, 2) == [refused] * 2
    assert draws(chains, first, 1) == [refused]


def test_requests_are_counted_along_a_chain_too():
    chains, first = Chains(), Work(EVENT, b"{}", None)
    assert draws(chains, first, 1, is_http=True) == [None]
    second = Work(EVENT, b"{}", None, cause=first.cause)
    assert draws(chains, second, 2, is_http=True) == [
        None,
        "more than 2 HTTP requests in one event and what followed from it",
    ]


def test_another_event_has_an_account_of_its_own():
    chains, one, other = Chains(), Work(EVENT, b"{}", None), Work(EVENT, b"{}", None)
    assert draws(chains, one, 6)[-1] is not None
    assert draws(chains, other, 5) == [None] * 5
    assert one.cause != other.cause


def test_accounts_are_bounded_and_the_one_in_use_stays():
    chains, busy = Chains(), Work(EVENT, b"{}", None)
    draws(chains, busy, 5)
    for number in range(MOST_ACCOUNTS + 10):
        draws(chains, Work(EVENT, b"{}", None), 1)
        if number % 1_000 == 0:
            draws(chains, busy, 1)
    assert draws(chains, busy, 1)[0] is not None
    assert len(chains._accounts) == MOST_ACCOUNTS
