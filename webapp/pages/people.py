"""Admin, people: the list, a new account, and one account with its password, sessions and keys."""

from collections.abc import Mapping
from functools import partial

from quart import Response, request

from helpdesk.actors import Role
from helpdesk.errors import HelpDeskError
from helpdesk.mail.settings import OFF
from helpdesk.passwords import MAX_LENGTH, MIN_LENGTH
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.unchanged import digest, require_unchanged
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url, invitation_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("people", __name__, Access.ADMIN)

SECTION = "people"
PER_PAGE = 50
DONE = {
    "created": N_("Account created."),
    "saved": N_("Account saved."),
    "password": N_("Password set. All sessions of this person have ended."),
    "reset": N_("Second factors removed. All sessions of this person have ended."),
    "ended": N_("All sessions of this person have ended."),
    "revoked": N_("API key revoked."),
    "sent": N_("Link sent by email."),
}


@blueprint.get("/admin/people")
async def people() -> Response:
    """List accounts, searched by name and address."""
    text, number = request.args.get("q", ""), request.args.get("page", "")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    found = await app_context().helpdesk.users.list(
        current_visit().actor, text=text, page=max(1, wanted), per_page=PER_PAGE
    )
    return page("people.html", found=found, text=text)


@blueprint.get("/admin/people/new")
async def form() -> Response:
    """Show the form for a new account."""
    return _form(NOTHING)


def _form(outcome: Outcome) -> Response:
    return page(
        "person_new.html",
        status=outcome.status,
        outcome=outcome,
        roles=tuple(Role),
        password_least=MIN_LENGTH,
        password_most=MAX_LENGTH,
    )


@blueprint.post("/admin/people/new")
async def create() -> Response:
    """Create an account."""
    fields = await form_fields()
    try:
        person = await app_context().helpdesk.users.create(
            current_visit().actor,
            email=fields.get("email", ""),
            name=fields.get("name", ""),
            role=fields.get("role", Role.USER.value),
            password=fields.get("password") or None,
        )
    except HelpDeskError as error:
        return _form(refused(error, fields))
    return see(admin_url(SECTION, person.id, "created"))


@blueprint.get("/admin/people/<user_id>")
async def person_page(user_id: str) -> Response:
    """Show one account."""
    return await _show(user_id, done_from_address(DONE))


async def _show(user_id: str, outcome: Outcome, *, link: str = "") -> Response:
    desk, actor = app_context().helpdesk, current_visit().actor
    person = await desk.users.get(actor, user_id)
    keys = await desk.api_keys.list(actor, user_id)
    groups = [group for group in await desk.groups.all(actor) if user_id in group.member_ids]
    return page(
        "person.html",
        status=outcome.status,
        outcome=outcome,
        person=person,
        roles=tuple(Role),
        groups=groups,
        keys=[key for key in keys if key.revoked_at is None],
        password_least=MIN_LENGTH,
        password_most=MAX_LENGTH,
        seen=digest(person),
        link=link,
        factors=await desk.factors.of(actor, user_id),
        sessions=await desk.sessions.list(actor, user_id),
        sends=(await app_context().helpdesk.mail.all()).outgoing != OFF,
    )


@blueprint.post("/admin/people/<user_id>")
async def save(user_id: str) -> Response:
    """Change an account."""
    fields = await form_fields()
    users, actor = app_context().helpdesk.users, current_visit().actor
    try:
        require_unchanged(fields, await users.get(actor, user_id))
        await users.update(
            actor,
            user_id,
            name=fields.get("name", ""),
            email=fields.get("email", ""),
            role=fields.get("role", ""),
            disabled="disabled" in fields,
        )
    except HelpDeskError as error:
        return await _again(user_id, error, fields, "account")
    return see(admin_url(SECTION, user_id, "saved"))


@blueprint.post("/admin/people/<user_id>/password")
async def set_password(user_id: str) -> Response:
    """Give somebody a new password."""
    fields = await form_fields()
    desk = app_context().helpdesk
    try:
        await desk.users.set_password(current_visit().actor, user_id, fields.get("password", ""))
    except HelpDeskError as error:
        return await _again(user_id, error, fields, "password")
    return see(admin_url(SECTION, user_id, "password"))


@blueprint.post("/admin/people/<user_id>/invitation")
async def invite(user_id: str) -> Response:
    """Make a link that sets this person's password; it is shown once, or sent to them."""
    here, fields = app_context(), await form_fields()
    try:
        made = await here.helpdesk.invitations.create(
            current_visit().actor,
            user_id,
            partial(invitation_url, here.config.public_url) if "send" in fields else None,
        )
    except HelpDeskError as error:
        return await _again(user_id, error, {}, "invitation")
    if "send" in fields:
        return see(admin_url(SECTION, user_id, "sent"))
    link = invitation_url(here.config.public_url, made.token)
    return await _show(user_id, NOTHING, link=link)


@blueprint.post("/admin/people/<user_id>/sessions/end")
async def end_sessions(user_id: str) -> Response:
    """Log somebody out everywhere."""
    await app_context().helpdesk.users.get(current_visit().actor, user_id)
    await app_context().helpdesk.sessions.revoke_all(current_visit().actor, user_id)
    return see(admin_url(SECTION, user_id, "ended"))


@blueprint.post("/admin/people/<user_id>/second-factor/reset")
async def reset_second_factor(user_id: str) -> Response:
    """Take somebody's second factors away, because they have lost them."""
    await app_context().helpdesk.factors.reset(current_visit().actor, user_id)
    return see(admin_url(SECTION, user_id, "reset"))


@blueprint.post("/admin/people/<user_id>/keys/<key_id>/revoke")
async def revoke_key(user_id: str, key_id: str) -> Response:
    """Revoke somebody's API key."""
    await app_context().helpdesk.api_keys.revoke(current_visit().actor, key_id)
    return see(admin_url(SECTION, user_id, "revoked"))


async def _again(
    user_id: str, error: HelpDeskError, fields: Mapping[str, str], form_name: str
) -> Response:
    # For an account that does not exist this raises NotFound, and the answer is 404.
    return await _show(user_id, refused(error, fields, form_name))
