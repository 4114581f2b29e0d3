"""Logs people in, slowed down for those who guess. The form and the API both use it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from quart import Request

from helpdesk.sessions import NewSession
from webapp.admission.gate import Crowded
from webapp.context import AppContext
from webapp.errors import TooManyAttempts
from webapp.security.origin import client_address
from webapp.visitors.origin import forwarded_for, peer_of
from webapp.visitors.sessions import Visit, shown_device


async def log_in(
    app_context: AppContext, request: Request, visit: Visit, email: str, password: str
) -> NewSession:
    """Check the credentials and start a session in place of the visitor's old one.

    Raises ``LoginFailed``, or ``TooManyAttempts`` before the password is even looked at. Wrong
    passwords from elsewhere do not lock out an account's owner: attempts are counted for each
    address, for each account from one address, and for a browser that the owner has logged in with
    before on its own, whatever others do from the same address.

    Checking a password is slow on purpose: addresses take turns at it.
    """
    config, sessions = app_context.config, app_context.helpdesk.sessions
    device = shown_device(request, config)
    if device and await sessions.device_is_known(email, device):
        counted, whose = {f"device {device}": config.login_failures_per_account}, device
    else:
        address = client_address(peer_of(request), forwarded_for(request), config.proxy_hops)
        whose = address
        account = email.strip().lower()[:254]
        counted = {
            f"address {address}": config.login_failures_per_address,
            f"account {account} from {address}": config.login_failures_per_account,
        }
    with _counted(app_context, counted):
        try:
            async with app_context.admission.log_ins.place(whose):
                return await sessions.log_in(email, password, replaces=visit.token, device=device)
        except Crowded:
            raise TooManyAttempts(1.0) from None


@contextmanager
def guarded_by_password(app_context: AppContext, person_id: str) -> Iterator[None]:
    """Count what happens inside as an attempt at the password of somebody who is logged in.

    Raises ``TooManyAttempts`` instead of beginning: a stolen session could otherwise try them all.
    It is counted apart from log-ins, so that neither locks the other.
    """
    limit = app_context.config.login_failures_per_account
    with _counted(app_context, {f"person {person_id}": limit}):
        yield


@contextmanager
def _counted(app_context: AppContext, limits: Mapping[str, int]) -> Iterator[None]:
    """Count an attempt for every key, which failed if it raises; refuse it beyond a limit.

    One that succeeds takes the attempt back for the first key, which says nothing about others'
    attempts, and forgets those of the last, whose owner has shown who they are.
    """
    throttle, begun = app_context.throttle, list[str]()
    for key, limit in limits.items():
        wait = throttle.begin(key, limit)
        if wait > 0:
            for earlier in begun:
                throttle.take_back(earlier)
            raise TooManyAttempts(wait)
        begun.append(key)
    yield
    *others, own = begun
    for key in others:
        throttle.take_back(key)
    throttle.forget(own)
