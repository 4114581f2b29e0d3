"""One's own account: name, language, password, sessions, API keys."""

from collections.abc import Mapping

from quart import Response, request

from helpdesk.api_keys import KeyScope
from helpdesk.errors import HelpDeskError, Invalid, LoginFailed
from helpdesk.passwords import MAX_LENGTH, MIN_LENGTH, checked
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import (
    NOTHING,
    PASSWORDS_DIFFER,
    Outcome,
    done_from_address,
    refused,
)
from webapp.rendering.catalogues import N_
from webapp.routes import Access, Section
from webapp.visitors.languages import CHOICES
from webapp.visitors.logins import browser_of, guarded_by_password
from webapp.visitors.sessions import Proof, current_visit, drop_session, keep_session

blueprint = Section("profile", __name__, Access.SIGNED_IN)

DONE = {
    "name": N_("Name changed."),
    "language": N_("Language saved."),
    "password": N_("Password changed. All your other sessions have ended."),
    "revoked": N_("API key revoked."),
    "ended": N_("Session ended."),
}


@blueprint.get("/profile")
async def profile() -> Response:
    """Show the account."""
    return await _show(done_from_address(DONE))


async def _show(outcome: Outcome = NOTHING, *, secret: str = "") -> Response:
    visit = current_visit()
    keys = await app_context().helpdesk.api_keys.list(visit.actor, visit.signed_in.id)
    return page(
        "profile.html",
        status=outcome.status,
        outcome=outcome,
        person=await app_context().helpdesk.users.get(visit.actor, visit.signed_in.id),
        keys=[key for key in keys if key.revoked_at is None],
        secret=secret,
        sessions=await app_context().helpdesk.sessions.list(
            visit.actor, visit.signed_in.id, visit.token
        ),
        factors=await app_context().helpdesk.factors.of(visit.actor, visit.signed_in.id),
        languages=_language_choices(visit.signed_in.language),
        password_least=MIN_LENGTH,
        password_most=MAX_LENGTH,
    )


@blueprint.post("/profile")
async def rename() -> Response:
    """Change one's name."""
    fields, visit = await form_fields(), current_visit()
    try:
        await app_context().helpdesk.users.update(
            visit.actor, visit.signed_in.id, name=fields.get("name", "")
        )
    except HelpDeskError as error:
        return await _show(refused(error, fields, "name"))
    return see("/profile?done=name")


@blueprint.post("/profile/language")
async def choose_language() -> Response:
    """Choose a language, or leave it to the browser."""
    fields, visit = await form_fields(), current_visit()
    try:
        await app_context().helpdesk.users.update(
            visit.actor, visit.signed_in.id, language=fields.get("language", "")
        )
    except HelpDeskError as error:
        return await _show(refused(error, fields, "language"))
    return see("/profile?done=language#done")


def _language_choices(chosen: str) -> Mapping[str, str]:
    """Return the languages that can be chosen, each by its own name: also those of plugins."""
    tags = app_context().supervisor.offers.languages() | ({chosen} if chosen else set())
    named = {**{tag: tag for tag in sorted(tags)}, **CHOICES}
    return dict(sorted(named.items(), key=lambda choice: choice[1].casefold()))


@blueprint.post("/profile/password")
async def change_password() -> Response:
    """Change one's password, which ends every session, and begin a new one here."""
    fields, visit = await form_fields(), current_visit()
    try:
        await _change_password(fields)
    except LoginFailed:
        wrong = Invalid(
            "current_password", "another", "your current password", "Incorrect current password."
        )
        return await _show(refused(wrong, fields, "password"))
    except (HelpDeskError, TooManyAttempts) as error:
        return await _show(refused(error, fields, "password"))
    response = see("/profile?done=password")
    if visit.proof is Proof.COOKIE:
        browser = browser_of(app_context(), request, visit)
        new = await app_context().helpdesk.sessions.start(visit.signed_in.id, browser)
        keep_session(response, app_context().config, new)
    return response


async def _change_password(fields: Mapping[str, str]) -> None:
    visit, new = current_visit(), fields.get("password", "")
    if new != fields.get("password_again", ""):
        raise Invalid("password_again", "another", "the same password", PASSWORDS_DIFFER)
    checked(new)
    with guarded_by_password(app_context(), visit.signed_in.id):
        await app_context().helpdesk.users.change_password(
            visit.actor, current=fields.get("current_password", ""), new=new
        )


@blueprint.post("/profile/sessions/end")
async def log_out_everywhere() -> Response:
    """End all one's sessions, this one too."""
    visit = current_visit()
    await app_context().helpdesk.sessions.revoke_all(visit.actor, visit.signed_in.id)
    response = see("/login")
    drop_session(response, app_context().config)
    return response


@blueprint.post("/profile/sessions/<session_id>/end")
async def log_out_elsewhere(session_id: str) -> Response:
    """End one of one's sessions."""
    visit = current_visit()
    await app_context().helpdesk.sessions.revoke(visit.actor, visit.signed_in.id, session_id)
    return see("/profile?done=ended#done")


@blueprint.post("/profile/keys")
async def create_key() -> Response:
    """Make an API key and show it, this once."""
    fields, visit = await form_fields(), current_visit()
    try:
        new = await app_context().helpdesk.api_keys.create(
            visit.actor,
            visit.signed_in.id,
            name=fields.get("key_name", ""),
            scope=fields.get("key_scope", KeyScope.ALL.value),
            days=_days(fields.get("key_days", "")),
        )
    except HelpDeskError as error:
        return await _show(refused(_renamed(error), fields, "key"))
    return await _show(secret=new.secret)


def _days(text: str) -> int | None:
    """Return after how many days a key is to expire; None for never. Raises ``Invalid``."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("key_days", repr(text[:20]), "one of the choices")
    return int(text)


def _renamed(error: HelpDeskError) -> HelpDeskError:
    """Name the field as this page does: it has another one called *name*."""
    if isinstance(error, Invalid) and error.field == "name":
        return Invalid("key_name", error.found, error.expected)
    return error


@blueprint.post("/profile/keys/<key_id>/revoke")
async def revoke_key(key_id: str) -> Response:
    """Revoke one's API key."""
    await app_context().helpdesk.api_keys.revoke(current_visit().actor, key_id)
    return see("/profile?done=revoked")
