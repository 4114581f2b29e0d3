"""Logs people in, slowed down for those who guess. The form and the API both use it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from quart import Request

from helpdesk.errors import LoginStepEnded
from helpdesk.factors.ceremony import Site
from helpdesk.factors.sign_in import LoginStep, Waiting
from helpdesk.sessions import Browser, NewSession
from webapp.admission.gate import Crowded
from webapp.context import AppContext
from webapp.errors import TooManyAttempts
from webapp.security.origin import client_address
from webapp.security.throttle import Throttle
from webapp.visitors.browsers import client_of
from webapp.visitors.origin import forwarded_for, peer_of
from webapp.visitors.sessions import Visit, shown_device


def browser_of(app_context: AppContext, request: Request, visit: Visit) -> Browser:
    """Return the browser in which somebody logs in."""
    return Browser(visit.token, shown_device(request, app_context.config), client_of(request))


async def log_in(
    app_context: AppContext, request: Request, visit: Visit, email: str, password: str
) -> NewSession | LoginStep:
    """Check the credentials and start a session in place of the visitor's old one.

    Whoever has a second factor gets a step instead, for ``finish_with_code`` and
    ``finish_with_passkey``.

    Raises ``LoginFailed``, or ``TooManyAttempts`` before the password is even looked at. Wrong
    passwords from elsewhere do not lock out an account's owner: attempts are counted for each
    address, for each account from one address, and for a browser that the owner has logged in with
    before on its own, whatever others do from the same address.

    Checking a password is slow on purpose: addresses take turns at it.
    """
    config, desk = app_context.config, app_context.helpdesk
    browser = browser_of(app_context, request, visit)
    if browser.device and await desk.sessions.device_is_known(email, browser.device):
        counted = {f"device {browser.device}": config.login_failures_per_account}
        whose = browser.device
    else:
        address = _address(app_context, request)
        whose = address
        account = email.strip().lower()[:254]
        counted = {
            f"address {address}": config.login_failures_per_address,
            f"account {account} from {address}": config.login_failures_per_account,
        }
    with _counted(app_context.throttle, counted):
        try:
            async with app_context.admission.log_ins.place(whose):
                return await desk.sign_in.log_in(email, password, browser)
        except Crowded:
            raise TooManyAttempts(1.0) from None


async def finish_with_code(
    app_context: AppContext, request: Request, visit: Visit, token: str, code: str
) -> NewSession:
    """Finish a log-in with a code. Whoever sends it has shown the right password.

    So wrong codes are counted for the person wherever they come from, and only a browser that the
    owner has logged in with before is counted alone. Raises ``SecondFactorRefused``,
    ``LoginStepEnded``, ``TooManyAttempts``.
    """
    desk = app_context.helpdesk
    user = (await waiting(app_context, token)).user
    browser, limit = (
        browser_of(app_context, request, visit),
        app_context.config.code_failures_per_account,
    )
    if browser.device and await desk.sessions.device_is_known(user.email, browser.device):
        whose = {f"device {browser.device}": limit}
    else:
        whose = {f"codes of {user.id}": limit}
    with (
        _counted(app_context.throttle, _from_here(app_context, request)),
        _counted(app_context.code_throttle, whose),
    ):
        return await desk.sign_in.with_code(token, code, browser)


async def finish_with_passkey(
    app_context: AppContext, request: Request, visit: Visit, token: str, credential: str
) -> NewSession:
    """Finish a log-in with a passkey, which nobody guesses: counted for the address alone.

    Raises ``Invalid``, ``LoginStepEnded``, ``TooManyAttempts``.
    """
    browser, site = browser_of(app_context, request, visit), Site.at(app_context.config.public_url)
    with _counted(app_context.throttle, _from_here(app_context, request)):
        return await app_context.helpdesk.sign_in.with_passkey(token, credential, site, browser)


async def waiting(app_context: AppContext, token: str) -> Waiting:
    """Return what a log-in waits for. Raises ``LoginStepEnded``."""
    found = await app_context.helpdesk.sign_in.waiting(token) if token else None
    if found is None:
        raise LoginStepEnded
    return found


def _address(app_context: AppContext, request: Request) -> str:
    hops = app_context.config.proxy_hops
    return client_address(peer_of(request), forwarded_for(request), hops)


def _from_here(app_context: AppContext, request: Request) -> Mapping[str, int]:
    limit = app_context.config.login_failures_per_address
    return {f"second step from {_address(app_context, request)}": limit}


@contextmanager
def guarded_by_password(app_context: AppContext, person_id: str) -> Iterator[None]:
    """Count what happens inside as an attempt at the password of somebody who is logged in.

    Raises ``TooManyAttempts`` instead of beginning: a stolen session could otherwise try them all.
    It is counted apart from log-ins, so that neither locks the other.
    """
    limit = app_context.config.login_failures_per_account
    with _counted(app_context.throttle, {f"person {person_id}": limit}):
        yield


@contextmanager
def _counted(throttle: Throttle, limits: Mapping[str, int]) -> Iterator[None]:
    """Count an attempt for every key, which failed if it raises; refuse it beyond a limit.

    One that succeeds takes the attempt back for the first key, which says nothing about others'
    attempts, and forgets those of the last, whose owner has shown who they are.
    """
    begun = list[str]()
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
