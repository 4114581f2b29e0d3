"""Budgets per event, including everything that follows from it.

A plugin that handles a person's event may change the ticket, which raises events that other plugins
handle, and so on. Were each of them given a budget of its own, budgets would multiply along the
chain. So whatever follows from one guest call draws on that call's account, whichever plugin does
it: its events carry the account's name, and the events of those carry it on.

Kept in memory, bounded: an account that nothing has drawn on for long is forgotten. A restart
forgets them all; the bound on the length of a chain still holds.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from supervisor.limits import Limits
from supervisor.process.conversation import AnyWork
from supervisor.text import counted

MOST_ACCOUNTS = 20_000


@dataclass(slots=True)
class Account:
    """Resources used so far because of one guest call."""

    host_calls: int = 0
    http_requests: int = 0


class Chains:
    """The accounts of all plugins."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, Account] = OrderedDict()

    def draw(self, work: AnyWork, limits: Limits, *, is_http: bool) -> str | None:
        """Count one host call; return why it must not be made, None where it may.

        The account is that of the first cause, the limits are those of the plugin that asks.
        """
        account = self._account(work)
        account.host_calls += 1
        account.http_requests += is_http
        if account.host_calls > limits.host_calls:
            return _beyond(limits.host_calls, "host call")
        if account.http_requests > limits.http_requests:
            return _beyond(limits.http_requests, "HTTP request")
        return None

    def _account(self, work: AnyWork) -> Account:
        if not work.cause:
            work.cause = secrets.token_hex(8)
        account = self._accounts.setdefault(work.cause, Account())
        self._accounts.move_to_end(work.cause)
        if len(self._accounts) > MOST_ACCOUNTS:
            self._accounts.popitem(last=False)
        return account


def _beyond(most: int, what: str) -> str:
    return f"more than {counted(most, what)} in one event and what followed from it"
