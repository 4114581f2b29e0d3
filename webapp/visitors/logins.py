"""Logs people in, slowed down for those who guess. The form and the API both use it."""

from collections.abc import Iterator
from contextlib import contextmanager

from quart import Request

from helpdesk.sessions import NewSession
from webapp.context import AppContext
from webapp.errors import TooManyAttempts
from webapp.security.origin import client_address
from webapp.visitors.origin import forwarded_for, peer_of
from webapp.visitors.sessions import Visit


async def log_in(
    app_context: AppContext, request: Request, visit: Visit, email: str, password: str
) -> NewSession:
    """Check the credentials and start a session in place of the visitor's old one.

    Raises ``LoginFailed``, or ``TooManyAttempts`` before the password is even looked at. An
    account that somebody else guesses at is slowed for its owner too: that is the price of the
    limit, and the window is short.
    """
    with guarded_by_password(app_context, request, email):
        return await app_context.helpdesk.sessions.log_in(email, password, replaces=visit.token)


@contextmanager
def guarded_by_password(app_context: AppContext, request: Request, email: str) -> Iterator[None]:
    """Count what happens inside as an attempt at a password, which failed if it raises.

    Raises ``TooManyAttempts`` instead of beginning. The password of somebody who is logged in
    already is guarded like that at the door, where a stolen session would otherwise try them all.
    """
    account, address = _keys(app_context, request, email)
    config = app_context.config
    _count(app_context, address, config.login_failures_per_address)
    try:
        _count(app_context, account, config.login_failures_per_account)
    except TooManyAttempts:
        app_context.throttle.take_back(address)
        raise
    yield
    app_context.throttle.take_back(address)
    app_context.throttle.forget(account)


def _count(app_context: AppContext, key: str, limit: int) -> None:
    wait = app_context.throttle.begin(key, limit)
    if wait > 0:
        raise TooManyAttempts(wait)


def _keys(app_context: AppContext, request: Request, email: str) -> tuple[str, str]:
    address = client_address(
        peer_of(request), forwarded_for(request), app_context.config.proxy_hops
    )
    return f"account {email.strip().lower()[:254]}", f"address {address}"
