"""One ticket: its page, and every form on it.

Each form posts to an address of its own, changes one thing and leads back to the page; where the
domain refuses, the page is shown again with the reason and what was typed.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from quart import Response, g, request

from helpdesk.errors import HelpDeskError, NotFound, StorageError
from helpdesk.tickets import tags
from helpdesk.tickets.edits import UNSET, TicketChanges
from webapp.context import app_context
from webapp.errors import BodyInvalid
from webapp.http.failures import failure
from webapp.http.forms import form_fields, form_once
from webapp.http.redirects import see
from webapp.pages.choices import LEVELS, place_is_changed, read_assignee, read_place
from webapp.pages.list_place import back_url, came_from
from webapp.pages.ticket_view import show_ticket
from webapp.rendering.links import ticket_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket", __name__, Access.SIGNED_IN)


@blueprint.get("/tickets/<ticket_id>")
async def ticket_page(ticket_id: str) -> Response:
    """Show the ticket."""
    before = request.args.get("before") or None
    await _mark_seen(ticket_id)
    if before is None:
        await _mark_read(ticket_id)
    return await show_ticket(ticket_id, done=request.args.get("done", ""), before=before)


async def _mark_seen(ticket_id: str) -> None:
    """Mark the notices that lead here as read; a page never waits for that in vain."""
    if not g.get("unread"):
        return
    desk, actor = app_context().helpdesk, current_visit().actor
    try:
        # Notices lead to the address with the id, whichever one the visitor came by.
        ticket = await desk.tickets.get(actor, ticket_id)
        seen = await desk.notifications.mark_seen(actor, ticket_url(ticket.id))
    except HelpDeskError:
        return
    g.unread -= seen


async def _mark_read(ticket_id: str) -> None:
    """Note that the visitor has seen the ticket; a page never waits for that in vain."""
    with contextlib.suppress(StorageError):
        await app_context().helpdesk.marks.read(current_visit().actor, ticket_id)


@blueprint.post("/tickets/<ticket_id>/unread")
async def mark_unread(ticket_id: str) -> Response:
    """Mark the ticket as unread, and go back to where it was opened from."""
    await app_context().helpdesk.marks.unread_again(current_visit().actor, ticket_id)
    return see(back_url(request.args))


@blueprint.post(
    "/tickets/<ticket_id>/<any(reply,note,resolve,reopen,close,update,follow,unfollow,rate):step>"
)
async def change(ticket_id: str, step: str) -> Response:
    """Take one step with the ticket and show it again."""
    fields = await form_fields()
    if step == "reply" and fields.get("then") == "insert":
        return await _insert(ticket_id, fields)
    try:
        await _STEPS[step](ticket_id, fields)
    except NotFound as error:
        if error.kind == "ticket":
            raise
        return await again(ticket_id, fields, BodyInvalid(str(error)))
    except HelpDeskError as error:
        return await again(ticket_id, fields, error)
    await forget_draft()
    return see(ticket_url(ticket_id, _done(step, fields), **came_from(request.args)))


async def forget_draft() -> None:
    """Forget what was kept of the form of this request: it was sent, and has worked."""
    with contextlib.suppress(StorageError):
        await app_context().helpdesk.drafts.forget(current_visit().actor, request.path)


async def _insert(ticket_id: str, fields: Mapping[str, str]) -> Response:
    """Show the ticket with a canned reply behind what was typed; a script does so in place."""
    typed = fields.get("reply", "")
    try:
        if canned_id := fields.get("canned"):
            text = await app_context().helpdesk.canned.fill(
                current_visit().actor, canned_id, ticket_id
            )
            typed = f"{typed.rstrip()}\n\n{text}".lstrip()
    except HelpDeskError as error:
        return await again(ticket_id, fields, error)
    return await show_ticket(ticket_id, typed={**fields, "reply": typed})


async def again(
    ticket_id: str, fields: Mapping[str, str], error: HelpDeskError | BodyInvalid
) -> Response:
    """Show the ticket with what is wrong, and with what was typed."""
    found = failure(error)
    return await show_ticket(ticket_id, problem=found.message, typed=fields, status=found.status)


async def _reply(ticket_id: str, fields: Mapping[str, str]) -> None:
    await app_context().helpdesk.tickets.reply(
        current_visit().actor,
        ticket_id,
        fields.get("reply", ""),
        once=form_once(fields),
        resolve=_resolves(fields),
    )


def _resolves(fields: Mapping[str, str]) -> bool:
    """Tell whether the second button of the reply was pressed."""
    return fields.get("then") == "resolve"


def _done(step: str, fields: Mapping[str, str]) -> str:
    return "reply-resolve" if step == "reply" and _resolves(fields) else step


async def _note(ticket_id: str, fields: Mapping[str, str]) -> None:
    await app_context().helpdesk.tickets.note(
        current_visit().actor, ticket_id, fields.get("note", ""), once=form_once(fields)
    )


async def _resolve(ticket_id: str, fields: Mapping[str, str]) -> None:
    notes = fields.get("notes", "")
    await app_context().helpdesk.tickets.resolve(current_visit().actor, ticket_id, notes)


async def _reopen(ticket_id: str, fields: Mapping[str, str]) -> None:
    reason = fields.get("reason", "")
    await app_context().helpdesk.tickets.reopen(current_visit().actor, ticket_id, reason)


async def _close(ticket_id: str, fields: Mapping[str, str]) -> None:
    del fields
    await app_context().helpdesk.tickets.close(current_visit().actor, ticket_id)


async def _update(ticket_id: str, fields: Mapping[str, str]) -> None:
    """Apply what was changed in the form, and only that.

    The form carries how each field stood as ``was_<field>``: a colleague's change in between is not
    turned back by a form that was loaded before it, and a change of the same field is told.
    """
    changed = {
        name: fields[name]
        for name in ("priority", "assignee", "status")
        if name in fields and fields[name] != fields.get(f"was_{name}")
    }
    place = read_place(fields) if place_is_changed(fields) else {}
    tagged: dict[str, Any] = {}
    if fields.get("tags", "") != fields.get("was_tags", ""):
        before, after = (tags.split(fields.get(name, "")) for name in ("was_tags", "tags"))
        tagged.update(tags.difference(before, after))
    changes = TicketChanges(
        priority=changed.get("priority", UNSET),
        status=changed.get("status", UNSET),
        **place,
        **tagged,
        **(read_assignee(changed["assignee"]) if "assignee" in changed else {}),
    )
    seen = {name: fields[f"was_{name}"] for name in changed if f"was_{name}" in fields}
    if place and "was_category" in fields:
        # The deepest of the three levels that was filled is the whole path.
        seen["category"] = max((fields.get(f"was_{name}", "") for name in LEVELS), key=len)
    await app_context().helpdesk.tickets.update(
        current_visit().actor, ticket_id, changes, seen=seen
    )


async def _follow(ticket_id: str, fields: Mapping[str, str]) -> None:
    del fields
    await app_context().helpdesk.followers.follow(current_visit().actor, ticket_id)


async def _unfollow(ticket_id: str, fields: Mapping[str, str]) -> None:
    del fields
    await app_context().helpdesk.followers.unfollow(current_visit().actor, ticket_id)


async def _rate(ticket_id: str, fields: Mapping[str, str]) -> None:
    score, comment = fields.get("score", ""), fields.get("comment", "")
    await app_context().helpdesk.ratings.rate(current_visit().actor, ticket_id, score, comment)


_STEPS = {
    "follow": _follow,
    "unfollow": _unfollow,
    "reply": _reply,
    "note": _note,
    "resolve": _resolve,
    "reopen": _reopen,
    "close": _close,
    "update": _update,
    "rate": _rate,
}
