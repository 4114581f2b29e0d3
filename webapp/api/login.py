"""Logging in and out by JSON, and who one is."""

from quart import Blueprint, Response, request

from webapp.api.bodies import Credentials
from webapp.api.shapes import user_json
from webapp.house import house
from webapp.jsonio import json_response, read_json
from webapp.logins import log_in as start_session
from webapp.sessions import Proof, current_visit, drop_session, keep_session

blueprint = Blueprint("api_login", __name__)
me_blueprint = Blueprint("api_me", __name__)


@blueprint.post("/api/auth/login")
async def log_in() -> Response:
    """Start a session: its cookie, the person, and the token that changes must carry."""
    body = await read_json(Credentials)
    visit = current_visit()
    new = await start_session(house(), request, visit, body.email, body.password)
    response = json_response(
        {"user": user_json(new.session.user), "csrf_token": new.session.csrf_token}
    )
    keep_session(response, house().config, new)
    return response


@me_blueprint.post("/api/auth/logout")
async def log_out() -> Response:
    """End the session of the cookie; an API key has none and stays valid."""
    visit = current_visit()
    if visit.proof is Proof.COOKIE and visit.token is not None:
        await house().helpdesk.sessions.log_out(visit.token)
    response = Response("", status=204)
    drop_session(response, house().config)
    return response


@me_blueprint.get("/api/me")
async def me() -> Response:
    """Return the person, and for a session the token that changes must carry."""
    visit = current_visit()
    by_cookie = visit.proof is Proof.COOKIE
    person = user_json(visit.signed_in)
    return json_response({"user": person, "csrf_token": visit.csrf_token if by_cookie else None})
