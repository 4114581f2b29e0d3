"""Logs people in, slowed down for those who guess. The form and the API both use it."""

from collections.abc import Iterator
from contextlib import contextmanager

from quart import Request

from helpdesk.sessions import NewSession
from webapp.errors import TooManyAttempts
from webapp.house import House
from webapp.security.origin import client_address
from webapp.sessions import Visit


async def log_in(
    house: House, request: Request, visit: Visit, email: str, password: str
) -> NewSession:
    """Check the credentials and start a session in place of the visitor's old one.

    Raises ``LoginFailed``, or ``TooManyAttempts`` before the password is even looked at. An
    account that somebody else guesses at is slowed for its owner too: that is the price of the
    limit, and the window is short.
    """
    with guarded_by_password(house, request, email):
        return await house.helpdesk.sessions.log_in(email, password, replaces=visit.token)


@contextmanager
def guarded_by_password(house: House, request: Request, email: str) -> Iterator[None]:
    """Count what happens inside as an attempt at a password, which failed if it raises.

    Raises ``TooManyAttempts`` instead of beginning. The password of somebody who is logged in
    already is guarded like that at the door, where a stolen session would otherwise try them all.
    """
    account, address = _keys(house, request, email)
    config = house.config
    _count(house, address, config.login_failures_per_address)
    try:
        _count(house, account, config.login_failures_per_account)
    except TooManyAttempts:
        house.throttle.take_back(address)
        raise
    yield
    house.throttle.take_back(address)
    house.throttle.forget(account)


def _count(house: House, key: str, limit: int) -> None:
    wait = house.throttle.begin(key, limit)
    if wait > 0:
        raise TooManyAttempts(wait)


def _keys(house: House, request: Request, email: str) -> tuple[str, str]:
    peer = request.scope.get("client")
    address = client_address(
        str(peer[0]) if peer else "local",
        request.headers.get("X-Forwarded-For"),
        house.config.proxy_hops,
    )
    return f"account {email.strip().lower()[:254]}", f"address {address}"
