"""Visitor of a request: finds the person behind a cookie or an API key, and owns the cookies.

The help desk keeps the sessions; a cookie carries an opaque token and nothing else. It must not
know what a visitor may do: ``guard.py`` and the domain decide that.
"""

import enum
import re
import secrets
from dataclasses import dataclass, field
from functools import partial

from quart import Request, Response, g

from helpdesk.actors import Actor
from helpdesk.api_keys import KeyScope
from helpdesk.service import HelpDesk
from helpdesk.sessions import NewSession, Session
from helpdesk.users import User
from webapp.config import WebConfig
from webapp.context import AppContext
from webapp.errors import LoginNeeded

_BEARER = re.compile(r"Bearer (ohd_sk_[!-~]{1,200})", re.ASCII)
_FORM_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LONGEST_TOKEN = 200
_DEVICE_S = 365 * 24 * 3600


class Proof(enum.Enum):
    """Kind of credential."""

    NOTHING = "nothing"
    COOKIE = "cookie"
    API_KEY = "api key"


@dataclass(frozen=True, slots=True)
class Visit:
    """The visitor of one request."""

    proof: Proof
    user: User | None = None
    csrf_token: str = field(default="", repr=False)
    """CSRF token of this visitor's forms; from the session, or from the form cookie."""
    token: str | None = field(default=None, repr=False)
    """The session token, for logging out and for renewing at log-in."""
    form_cookie_is_new: bool = False
    key_scope: KeyScope | None = None
    """Of the API key that was shown."""
    unread: int | None = None
    """How many unread notices the person has; None where that was not read along."""
    enrolling: User | None = None
    """Who has logged in without the second factor that their role requires. For all but the pages
    where they set it up (``Access.ENROLLING``), they are nobody."""

    @property
    def signed_in(self) -> User:
        """The person; ``LoginNeeded`` where there is none."""
        if self.user is None:
            raise LoginNeeded
        return self.user

    @property
    def actor(self) -> Actor:
        """The person as the domain knows actors."""
        return self.signed_in.actor


def form_cookie(config: WebConfig) -> str:
    """Name of the cookie that ties the log-in form to the browser that loaded it."""
    return "__Host-ohd_form" if config.secure_cookies else "ohd_form"


async def find_visit(request: Request, app_context: AppContext) -> Visit:
    """Find out who sends this request. An API key counts alone: its cookies are ignored.

    Raises ``LoginNeeded`` for a bearer key that matches nobody, rather than treating a mistyped key
    as a visitor without one. Other schemes belong to a proxy in front, and are not looked at.
    """
    authorization = request.headers.get("Authorization", "")
    if authorization[:6].lower() == "bearer":
        return await _by_key(authorization, app_context)
    token = request.cookies.get(app_context.config.session_cookie)
    if token and len(token) <= _LONGEST_TOKEN:
        desk = app_context.helpdesk
        session, unread = await desk.database.look(partial(_session_and_unread, desk, token))
        if session is None:
            app_context.admission.known.forget(token)
        else:
            app_context.admission.known.note(token, session.user.id)
            lacks = session.lacks_factor
            person, enrolling = (None, session.user) if lacks else (session.user, None)
            return Visit(
                Proof.COOKIE,
                person,
                session.csrf_token,
                token,
                unread=unread,
                enrolling=enrolling,
            )
    return _nobody(request, app_context.config)


async def _session_and_unread(desk: HelpDesk, token: str) -> tuple[Session | None, int]:
    session = await desk.sessions.find(token)
    if session is None:
        return None, 0
    return session, await desk.notifications.unread_count(session.user.actor)


async def person_behind(credential: str, app_context: AppContext) -> User | None:
    """Return whose API key or session token this is; None where it is no more."""
    if _BEARER.fullmatch(f"Bearer {credential}"):
        return await app_context.helpdesk.api_keys.find_user(credential)
    session = await app_context.helpdesk.sessions.find(credential)
    return None if session is None or session.lacks_factor else session.user


def shown_credential(request: Request, config: WebConfig) -> str:
    """Return the API key or session token that a request shows; empty where it shows none."""
    match = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    return match[1] if match else request.cookies.get(config.session_cookie, "")


async def _by_key(authorization: str, app_context: AppContext) -> Visit:
    match = _BEARER.fullmatch(authorization)
    found = await app_context.helpdesk.api_keys.find(match[1]) if match else None
    if found is None or match is None:
        if match is not None:
            app_context.admission.known.forget(match[1])
        raise LoginNeeded
    app_context.admission.known.note(match[1], found.user.id)
    return Visit(Proof.API_KEY, found.user, key_scope=found.scope)


def _nobody(request: Request, config: WebConfig) -> Visit:
    known = request.cookies.get(form_cookie(config), "")
    if _FORM_TOKEN.fullmatch(known):
        return Visit(Proof.NOTHING, csrf_token=known)
    return Visit(Proof.NOTHING, csrf_token=secrets.token_urlsafe(32), form_cookie_is_new=True)


def current_visit() -> Visit:
    """Return the visitor of the current request; nobody where the guard has not looked."""
    visit: Visit = g.get("visit", Visit(Proof.NOTHING))
    return visit


def keep_form_cookie(response: Response, config: WebConfig, visit: Visit) -> None:
    """Give a new visitor the cookie that their log-in form will be compared with."""
    if visit.form_cookie_is_new:
        _set(response, config, form_cookie(config), visit.csrf_token)


def keep_session(response: Response, config: WebConfig, new: NewSession) -> None:
    """Put a new session's token into the browser; its form cookie has served."""
    _set(response, config, config.session_cookie, new.token)
    if new.device is not None:
        _set(response, config, device_cookie(config), new.device, max_age=_DEVICE_S)
    response.delete_cookie(form_cookie(config), path="/", secure=config.secure_cookies)
    response.delete_cookie(step_cookie(config), path="/", secure=config.secure_cookies)


def step_cookie(config: WebConfig) -> str:
    """Name of the cookie of a log-in that waits for a second factor."""
    return "__Host-ohd_step" if config.secure_cookies else "ohd_step"


def keep_step(response: Response, config: WebConfig, token: str) -> None:
    """Put the token of a log-in that waits for a second factor into the browser."""
    _set(response, config, step_cookie(config), token)


def shown_step(request: Request, config: WebConfig) -> str:
    """Return the token of a log-in that waits for a second factor; empty where there is none."""
    token = request.cookies.get(step_cookie(config), "")
    return token if _FORM_TOKEN.fullmatch(token) else ""


def drop_session(response: Response, config: WebConfig) -> None:
    """Take the session cookie away."""
    response.delete_cookie(
        config.session_cookie, path="/", secure=config.secure_cookies, httponly=True, samesite="Lax"
    )


def device_cookie(config: WebConfig) -> str:
    """Name of the cookie by which a browser is known that has logged in before."""
    return "__Host-ohd_device" if config.secure_cookies else "ohd_device"


def shown_device(request: Request, config: WebConfig) -> str:
    """Return the token of a browser that has logged in before; empty where it shows none."""
    token = request.cookies.get(device_cookie(config), "")
    return token if _FORM_TOKEN.fullmatch(token) else ""


def _set(
    response: Response, config: WebConfig, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Set a cookie; by default one that lasts until the browser closes, as sessions do."""
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        secure=config.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
