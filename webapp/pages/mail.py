"""Admin, Mail: how email is sent and received, with secrets that are written and never shown."""

from collections.abc import Mapping

from quart import Response

from helpdesk.errors import HelpDeskError, Invalid
from helpdesk.inbound.mailbox import MailboxAway
from helpdesk.mail.oauth import NoToken
from helpdesk.mail.settings import CHOICES, SECRETS
from helpdesk.mail.smtp import MailProblem
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.unchanged import digest, require_unchanged
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("mail", __name__, Access.ADMIN)

FIELDS = (
    *("address", "name", "language", "reply_tags", "confirm", "strangers"),
    *("outgoing", "smtp_host", "smtp_port", "smtp_security", "smtp_auth", "smtp_user"),
    *("incoming", "imap_host", "imap_port", "imap_security", "imap_auth", "imap_user"),
    *("imap_folder", "imap_after", "oauth_token_url", "oauth_client_id", "oauth_scope"),
)
LABELS = {
    "off": N_("Off"),
    "smtp": N_("Send through a mail server (SMTP)"),
    "page": N_("Don't send; show on the Outgoing page"),
    "imap": N_("Read a mailbox (IMAP)"),
    "starttls": "STARTTLS",
    "tls": "TLS",
    "none": N_("None"),
    "password": N_("Password"),
    "oauth": N_("OAuth 2.0"),
    "seen": N_("Mark as read"),
    "delete": N_("Delete"),
    "en": N_("English"),
    "de": N_("German"),
    "accept": N_("Create an account and a ticket"),
    "hold": N_("Hold it until an admin decides"),
    "yes": N_("Yes"),
    "no": N_("No"),
}
DONE = {
    "saved": N_("Mail settings saved."),
    "sent": N_("Test email sent. Check the inbox."),
    "connected": N_("Connected to the mailbox."),
}


@blueprint.get("/admin/mail")
async def settings() -> Response:
    """Show the settings."""
    return await _show(done_from_address(DONE))


async def _show(outcome: Outcome = NOTHING) -> Response:
    desk = app_context().helpdesk
    values = await desk.mail.all()
    return page(
        "mail.html",
        status=outcome.status,
        outcome=outcome,
        values=values,
        choices=CHOICES,
        labels=LABELS,
        known=await desk.mail.known_secrets(),
        mailbox=desk.mailbox.state,
        seen=digest(values),
        me=current_visit().signed_in.email,
    )


@blueprint.post("/admin/mail")
async def save() -> Response:
    """Change the settings: all of them or none. A secret that is left empty stays."""
    fields = await form_fields()
    changes = {name: fields[name] for name in FIELDS if name in fields}
    secrets = {name: fields.get(name, "") for name in SECRETS}
    desk = app_context().helpdesk
    try:
        require_unchanged(fields, await desk.mail.all())
        await desk.mail.update(current_visit().actor, changes, secrets)
    except HelpDeskError as error:
        return await _show(refused(error, _without_secrets(fields)))
    return see(admin_url("mail", done="saved"))


@blueprint.post("/admin/mail/test")
async def send_test() -> Response:
    """Send a test to the admin who asks."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.sender.test(current_visit().signed_in.email)
    except MailProblem as problem:
        return await _failed(f"the test was not sent: {problem}", fields)
    return see(admin_url("mail", done="sent"))


@blueprint.post("/admin/mail/connect")
async def connect() -> Response:
    """Connect to the mailbox once."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.mailbox.test()
    except (MailboxAway, NoToken) as problem:
        return await _failed(f"the mailbox cannot be read: {problem}", fields)
    return see(admin_url("mail", done="connected"))


async def _failed(sentence: str, fields: Mapping[str, str]) -> Response:
    return await _show(refused(Invalid("mail", "", "", sentence), _without_secrets(fields)))


def _without_secrets(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in SECRETS}
