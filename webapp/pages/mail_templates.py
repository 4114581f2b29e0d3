"""Admin, Mail: the words of emails, by event and language."""

from quart import Response, request

from helpdesk.errors import HelpDeskError
from helpdesk.mail.templates import LANGUAGES, PLACEHOLDERS, Template
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.rendering.catalogues import N_
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("mail_templates", __name__, Access.ADMIN)

EVENTS = {
    "received": N_("We received a message"),
    "created": N_("A ticket was opened"),
    "assigned": N_("A ticket was assigned"),
    "replied": N_("Somebody replied"),
    "noted": N_("Somebody wrote an internal note"),
    "mentioned": N_("Somebody was mentioned"),
    "resolved": N_("A ticket was resolved"),
    "closed": N_("A ticket was closed"),
    "reopened": N_("A ticket was reopened"),
    "password": N_("Somebody forgot their password"),
    "invitation": N_("Somebody is invited"),
    "rating": N_("A requester is asked how it went"),
    "signup": N_("Somebody signs up"),
    "signup_known": N_("Somebody signs up who has an account"),
}
NAMES = {"en": N_("English"), "de": N_("German")}


@blueprint.get("/admin/mail/templates")
async def templates() -> Response:
    """Show the templates of a language."""
    outcome = done_from_address({"saved": N_("Template saved.")})
    return await _show(request.args.get("language", ""), outcome)


async def _show(language: str, outcome: Outcome = NOTHING, event: str = "") -> Response:
    desk = app_context().helpdesk
    chosen = language if language in LANGUAGES else (await desk.mail.all()).language
    return page(
        "mail_templates.html",
        status=outcome.status,
        outcome=outcome,
        templates=await desk.letters.templates(current_visit().actor, chosen),
        events=EVENTS,
        language=chosen,
        languages=NAMES,
        placeholders=PLACEHOLDERS,
        at=event or request.args.get("event", ""),
    )


@blueprint.post("/admin/mail/templates")
async def save() -> Response:
    """Save one template; empty texts bring back the usual one."""
    fields = await form_fields()
    event, language = fields.get("event", ""), fields.get("language", "")
    template = Template(fields.get("subject", ""), fields.get("body", ""))
    if "usual" in fields:
        template = Template("", "")
    try:
        await app_context().helpdesk.letters.save_template(
            current_visit().actor, event, language, template
        )
    except HelpDeskError as error:
        return await _show(language, refused(error, fields, event), event)
    known = event if event in EVENTS else ""
    return see(f"/admin/mail/templates?language={language}&event={known}&done=saved#{known}")
