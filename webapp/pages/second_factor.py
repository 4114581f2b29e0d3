"""One's second factors: an authenticator app, passkeys, recovery codes.

Whoever changes them shows their password first, unless they have just done so. It is also where
somebody is led whose role requires a factor that they have not set up.
"""

from collections.abc import Awaitable, Callable

from quart import Response

from helpdesk.errors import Conflict, HelpDeskError, Invalid, LoginFailed
from helpdesk.factors.ceremony import Site
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.rendering.catalogues import N_
from webapp.rendering.links import SECOND_FACTOR
from webapp.rendering.qr import qr_code
from webapp.routes import Access, Section, facts
from webapp.visitors.logins import guarded_by_password
from webapp.visitors.sessions import current_visit

blueprint = Section("second_factor", __name__, Access.ENROLLING)

DONE = {
    "removed": N_("Authenticator app removed."),
    "passkey_removed": N_("Passkey removed."),
    "added": N_("Second factor added. Your other sessions have ended."),
}


def _token() -> str:
    """Return the session's token; an API key has none, and changes nothing here."""
    return current_visit().token or ""


@blueprint.get(SECOND_FACTOR)
async def second_factor() -> Response:
    """Show what is set up."""
    return await _show(done_from_address(DONE))


async def _show(outcome: Outcome = NOTHING, *, codes: tuple[str, ...] = ()) -> Response:
    here, visit = app_context(), current_visit()
    desk, token = here.helpdesk, _token()
    found = await desk.factors.of(visit.actor, visit.signed_in.id)
    fresh = await desk.factors.is_fresh(token)
    waits = fresh and found.app_since is None and desk.apps.sealer is not None
    pending = await desk.apps.pending(token, here.site.name) if waits else None
    return page(
        "second_factor.html",
        status=outcome.status,
        outcome=outcome,
        found=found,
        fresh=fresh,
        pending=pending,
        drawing=qr_code(pending.address) if pending else "",
        codes=codes,
        takes_passkeys=Site.at(here.config.public_url).takes_passkeys,
    )


@blueprint.post(f"{SECOND_FACTOR}/confirm")
async def confirm_password() -> Response:
    """Show one's password again, so that the factors may be changed for a while."""
    fields, here, visit = await form_fields(), app_context(), current_visit()
    try:
        with guarded_by_password(here, visit.signed_in.id):
            await here.helpdesk.users.verify(visit.signed_in.email, fields.get("password", ""))
    except LoginFailed:
        wrong = Invalid("password", "another", "your password", "Incorrect password.")
        return await _show(refused(wrong, form="confirm"))
    except TooManyAttempts as error:
        return await _show(refused(error, form="confirm"))
    await here.helpdesk.sessions.prove_again(_token())
    return see(SECOND_FACTOR)


@blueprint.post(f"{SECOND_FACTOR}/app")
async def begin_app() -> Response:
    """Make a secret for an app and show it."""
    here = app_context()
    return await _then(lambda: here.helpdesk.apps.begin(_token(), here.site.name), "#app")


@blueprint.post(f"{SECOND_FACTOR}/app/confirm")
async def confirm_app() -> Response:
    """Finish setting up an app with a code that it shows."""
    fields, here, visit = await form_fields(), app_context(), current_visit()
    try:
        # A secret that waits has one owner; whoever guesses at it has their session already.
        codes = await here.helpdesk.apps.confirm(
            visit.signed_in.id, _token(), fields.get("code", "")
        )
    except HelpDeskError as error:
        return await _show(refused(error, form="app"))
    return await _show(Outcome(done=DONE["added"]), codes=codes)


@blueprint.post(f"{SECOND_FACTOR}/app/remove")
async def remove_app() -> Response:
    """Take the app away."""
    here, visit = app_context(), current_visit()
    return await _then(
        lambda: here.helpdesk.apps.remove(visit.signed_in.id, _token()), "?done=removed#done"
    )


@blueprint.post(f"{SECOND_FACTOR}/passkeys/options")
@facts(json=True)
async def passkey_options() -> Response:
    """Return what the browser needs to make a passkey, with a challenge that is good once."""
    here = app_context()
    site = Site.at(here.config.public_url)
    if not site.takes_passkeys:
        raise Conflict("browsers offer no passkeys here", "serve the help desk over HTTPS")
    told = await here.helpdesk.passkeys.begin(_token(), site, here.site.name)
    return Response(told, content_type="application/json")


@blueprint.post(f"{SECOND_FACTOR}/passkeys")
async def add_passkey() -> Response:
    """Add the passkey that the browser has made."""
    fields, here, visit = await form_fields(), app_context(), current_visit()
    try:
        codes = await here.helpdesk.passkeys.add(
            visit.signed_in.id,
            _token(),
            Site.at(here.config.public_url),
            name=fields.get("name", ""),
            credential=fields.get("credential", ""),
        )
    except HelpDeskError as error:
        return await _show(refused(error, fields, "passkey"))
    return await _show(Outcome(done=DONE["added"]), codes=codes)


@blueprint.post(f"{SECOND_FACTOR}/passkeys/<passkey_id>/remove")
async def remove_passkey(passkey_id: str) -> Response:
    """Remove one of one's passkeys."""
    here, visit = app_context(), current_visit()
    return await _then(
        lambda: here.helpdesk.passkeys.remove(visit.signed_in.id, _token(), passkey_id),
        "?done=passkey_removed#done",
    )


@blueprint.post(f"{SECOND_FACTOR}/codes")
async def renew_codes() -> Response:
    """Make new recovery codes and show them, this once."""
    here, visit = app_context(), current_visit()
    try:
        codes = await here.helpdesk.recovery_codes.renew(visit.signed_in.id, _token())
    except HelpDeskError as error:
        return await _show(refused(error))
    return await _show(codes=codes)


async def _then(change: Callable[[], Awaitable[object]], to: str) -> Response:
    """Make a change and lead on, or say on the page why it is refused."""
    try:
        await change()
    except HelpDeskError as error:
        return await _show(refused(error))
    return see(SECOND_FACTOR + to)
