"""Admin, Mail: what went out, and what came in."""

from quart import Response, current_app, g, request

from helpdesk.errors import HelpDeskError
from helpdesk.inbound.reading import ReaderAway
from webapp.context import app_context
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.ticket_files import Download
from webapp.rendering.catalogues import N_
from webapp.routes import Access, Section
from webapp.security.headers import foreign_content_headers
from webapp.visitors.sessions import current_visit

blueprint = Section("mail_letters", __name__, Access.ADMIN)
originals = Section("mail_originals", __name__, Access.SIGNED_IN)

SHOWN = 50
DONE = {
    "again": N_("Queued. It is sent in a moment."),
    "accepted": N_("Message accepted."),
    "discarded": N_("Message discarded."),
}


@blueprint.get("/admin/mail/outgoing")
async def outgoing() -> Response:
    """List what went out."""
    found = await app_context().helpdesk.letters.letters(
        current_visit().actor, _before(), SHOWN + 1
    )
    return page(
        "mail_outgoing.html",
        letters=found[:SHOWN],
        older=found[SHOWN - 1].seq if len(found) > SHOWN else None,
        outcome=done_from_address(DONE),
    )


@blueprint.get("/admin/mail/outgoing/<letter_id>")
async def letter(letter_id: str) -> Response:
    """Show one letter, as it was or will be sent."""
    return await _show(letter_id, done_from_address(DONE))


async def _show(letter_id: str, outcome: Outcome) -> Response:
    found = await app_context().helpdesk.letters.letter(current_visit().actor, letter_id)
    return page("mail_letter.html", status=outcome.status, letter=found, outcome=outcome)


@blueprint.post("/admin/mail/outgoing/<letter_id>/send")
async def send(letter_id: str) -> Response:
    """Try a letter again now."""
    try:
        await app_context().helpdesk.letters.send_now(current_visit().actor, letter_id)
    except HelpDeskError as error:
        return await _show(letter_id, refused(error))
    app_context().helpdesk.sender.wake()
    return see(f"/admin/mail/outgoing/{letter_id}?done=again")


@blueprint.get("/admin/mail/incoming")
async def incoming() -> Response:
    """List what came in, and what became of it."""
    return await _incoming(done_from_address(DONE))


async def _incoming(outcome: Outcome = NOTHING) -> Response:
    found = await app_context().helpdesk.intake.newest(current_visit().actor, _before(), SHOWN + 1)
    return page(
        "mail_incoming.html",
        status=outcome.status,
        records=found[:SHOWN],
        older=found[SHOWN - 1].seq if len(found) > SHOWN else None,
        outcome=outcome,
    )


@blueprint.post("/admin/mail/incoming/<record_id>/accept")
async def accept(record_id: str) -> Response:
    """Make a ticket of a message that was held."""
    try:
        received = await app_context().helpdesk.intake.accept(current_visit().actor, record_id)
    except HelpDeskError as error:
        return await _incoming(refused(error))
    except ReaderAway as away:
        return await _incoming(Outcome(problem=str(away), status=503))
    if received.number is not None:
        return see(f"/tickets/{received.number}")
    return see("/admin/mail/incoming?done=accepted")


@blueprint.post("/admin/mail/incoming/<record_id>/discard")
async def discard(record_id: str) -> Response:
    """Leave a message out that was held."""
    try:
        await app_context().helpdesk.intake.discard(current_visit().actor, record_id)
    except HelpDeskError as error:
        return await _incoming(refused(error))
    return see("/admin/mail/incoming?done=discarded")


@originals.get("/mail/<record_id>/original.eml")
async def original(record_id: str) -> Response:
    """Send a message as it came: somebody's bytes, that nothing opens on this site."""
    record, reading = await app_context().helpdesk.intake.original(current_visit().actor, record_id)
    g.own_headers = foreign_content_headers(tls=app_context().config.secure_cookies)
    body = b"" if request.method == "HEAD" else Download(reading)
    response = current_app.response_class(body, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{record.id}.eml"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _before() -> int | None:
    text = request.args.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
