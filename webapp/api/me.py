"""Your account over the API: name, password, sessions, API keys."""

import msgspec
from quart import Response, request

from helpdesk.errors import Invalid, LoginFailed
from helpdesk.passwords import checked
from webapp.api.bodies import KeyBody, PasswordChange, ProfilePatch, given
from webapp.api.operations import operation
from webapp.api.people_shapes import (
    KeyOut,
    MeOut,
    NewKeyOut,
    SelfOut,
    SessionOut,
    key_json,
    self_json,
    session_json,
)
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.logins import browser_of, guarded_by_password
from webapp.visitors.sessions import Proof, current_visit, drop_session, keep_session

blueprint = Section("api_me", __name__, Access.SIGNED_IN)


@operation(blueprint, "GET", "/api/me")
async def me() -> MeOut:
    """Return the person, and for a session the CSRF token for changes."""
    visit = current_visit()
    by_cookie = visit.proof is Proof.COOKIE
    return MeOut(self_json(visit.signed_in), visit.csrf_token if by_cookie else None)


@operation(blueprint, "PATCH", "/api/me")
async def change(body: ProfilePatch) -> SelfOut:
    """Change your name."""
    person = current_visit().signed_in
    changes = given(name=body.name)
    return self_json(await app_context().helpdesk.users.update(person.actor, person.id, **changes))


@operation(blueprint, "POST", "/api/me/password", errors=(429,), answer=None)
async def change_password(body: PasswordChange) -> Response:
    """Change your password, which ends all your sessions.

    A caller with a session gets the cookie of a new one.
    """
    visit, desk = current_visit(), app_context().helpdesk
    checked(body.new)
    try:
        with guarded_by_password(app_context(), visit.signed_in.id):
            await desk.users.change_password(visit.actor, current=body.current, new=body.new)
    except LoginFailed:
        raise Invalid("current", "another password", "your current password") from None
    response = Response("", status=204)
    if visit.proof is Proof.COOKIE:
        browser = browser_of(app_context(), request, visit)
        new = await desk.sessions.start(visit.signed_in.id, browser)
        keep_session(response, app_context().config, new)
    return response


@operation(blueprint, "DELETE", "/api/me/sessions", answer=None)
async def log_out_everywhere() -> Response:
    """End all your sessions. API keys stay valid."""
    person = current_visit().signed_in
    await app_context().helpdesk.sessions.revoke_all(person.actor, person.id)
    response = Response("", status=204)
    drop_session(response, app_context().config)
    return response


@operation(blueprint, "GET", "/api/me/sessions")
async def sessions() -> Listing[SessionOut]:
    """List your sessions, the one that asks first."""
    visit = current_visit()
    found = await app_context().helpdesk.sessions.list(visit.actor, visit.signed_in.id, visit.token)
    return whole_list([session_json(each) for each in found])


@operation(blueprint, "DELETE", "/api/me/sessions/<session_id>", of="session")
async def end_session(session_id: str) -> None:
    """End one of your sessions."""
    visit = current_visit()
    await app_context().helpdesk.sessions.revoke(visit.actor, visit.signed_in.id, session_id)


@operation(blueprint, "GET", "/api/me/keys")
async def keys() -> Listing[KeyOut]:
    """List your API keys, newest first, including revoked ones."""
    person = current_visit().signed_in
    found = await app_context().helpdesk.api_keys.list(person.actor, person.id)
    return whole_list([key_json(key) for key in found])


@operation(blueprint, "POST", "/api/me/keys", status=201, errors=(409,))
async def create_key(body: KeyBody) -> NewKeyOut:
    """Create an API key. Its secret is only in this response."""
    person = current_visit().signed_in
    new = await app_context().helpdesk.api_keys.create(
        person.actor,
        person.id,
        name=body.name,
        scope=body.scope,
        days=body.expires_in_days,
    )
    return NewKeyOut(**msgspec.structs.asdict(key_json(new.key)), secret=new.secret)


@operation(blueprint, "DELETE", "/api/me/keys/<key_id>", of="API key")
async def revoke_key(key_id: str) -> None:
    """Revoke one of your API keys."""
    await app_context().helpdesk.api_keys.revoke(current_visit().actor, key_id)
