"""Builds the ticket page: what was said and what happened in one line of time, and the forms.

It reads; ``ticket.py`` changes. Nothing here decides what a visitor may see: the domain has left
out what they may not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from quart import Response, g, request

from helpdesk.actors import Role
from helpdesk.requesters.organizations import Organization
from helpdesk.tickets.model import (
    Author,
    FieldChange,
    Priority,
    Reply,
    StatusChange,
    TicketDetail,
    TicketRights,
)
from webapp.context import app_context
from webapp.http.forms import new_form_id
from webapp.http.page import page
from webapp.http.unsent import TEXTS
from webapp.pages.choices import (
    LEVELS,
    Level,
    assignee_value,
    catalogue_levels,
    groups,
    people,
    place_values,
)
from webapp.pages.frames import frame_sources
from webapp.pages.list_place import came_from, read_walk
from webapp.pages.options import Choice, Options
from webapp.pages.plugin_slots import ticket_slots
from webapp.rendering.catalogues import N_
from webapp.rendering.links import earlier_url, panel_url
from webapp.visitors.sessions import current_visit

ENTRIES_SHOWN = 100
DONE = {
    "created": N_("Ticket created."),
    "reply": N_("Reply sent."),
    "reply-resolve": N_("Reply sent. Ticket resolved."),
    "note": N_("Internal note added."),
    "resolve": N_("Ticket resolved."),
    "reopen": N_("Ticket reopened."),
    "close": N_("Ticket closed."),
    "rate": N_("Thank you. Your answer is saved."),
    "update": N_("Ticket updated."),
    "link": N_("Tickets linked."),
    "unlink": N_("Link removed."),
    "merge": N_("Tickets merged."),
    "split": N_("Ticket split."),
    "file": N_("File added."),
    "file-kept-back": N_("The file was kept back: the virus scanner found something in it."),
    "file-waits": N_("File added. It can be downloaded once the virus scanner has seen it."),
    "follow": N_("You follow this ticket."),
    "unfollow": N_("You no longer follow this ticket."),
}
LINK_KINDS = {
    "duplicate_of": N_("Duplicate of"),
    "duplicated_by": N_("Duplicated by"),
    "related": N_("Related to"),
    "blocked_by": N_("Blocked by"),
    "blocks": N_("Blocks"),
}
SAID = frozenset({"reply", "reply-resolve", "note"})
"""Steps at the end of the thread, confirmed there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the ticket's story: something said, a change of status, or of a field."""

    id: str
    at: datetime
    author: Author
    html: Markup
    is_internal: bool = False
    change: StatusChange | None = None
    edit: FieldChange | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Timeline on the page."""

    description: Markup
    entries: Sequence[Entry]
    earlier: str | None
    """URL of the earlier entries."""
    is_newest: bool
    """Whether nothing has happened after these entries."""


@dataclass(frozen=True, slots=True)
class WorkForm:
    """The choices of the form that staff work with, and how each field stands."""

    users: Options
    groups: Options
    former: Choice | None
    """The assignee, where they could not be chosen again: say, a disabled account."""
    levels: Sequence[Level]
    statuses: Sequence[str]
    priorities: Sequence[Priority]
    tags: Sequence[str]
    """Known tags that the ticket does not have."""
    chosen: Mapping[str, str]
    """What the selects of assignee, status and priority show."""
    was: Mapping[str, str]
    """How each field stands; sent along, so that only what is changed is saved."""
    me: str
    """The visitor, as the assignee's select has them."""


async def show_ticket(
    ticket_id: str,
    *,
    done: str = "",
    before: str | None = None,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Render the page; ``typed`` keeps what somebody wrote into a form that was refused.

    ``before`` shows the part of the story before that entry.
    """
    detail, around = await app_context().helpdesk.database.look(
        partial(_read, ticket_id, before, typed or {})
    )
    slots = app_context().supervisor.panels.slots()
    widgets = ticket_slots(detail.ticket.number)
    own = ("'self'",) if widgets else ()
    g.frame_sources = (*own, *await frame_sources(slots))
    return page(
        "ticket.html",
        status=status,
        ticket=detail.ticket,
        **around,
        link_kinds=LINK_KINDS,
        carried=urlencode(came_from(request.args)),
        form_ids=(new_form_id(), new_form_id()),
        rights=detail.rights,
        story=await _story(detail, is_newest=before is None),
        widgets=widgets,
        panels=[(slot, panel_url(detail.ticket.id, slot.plugin_id)) for slot in slots],
        done=DONE.get(done, ""),
        said=done in SAID,
        problem=problem,
        typed=typed or {},
        unsent=_homeless(typed or {}, detail.rights),
    )


async def _read(
    ticket_id: str, before: str | None, typed: Mapping[str, str]
) -> tuple[TicketDetail, dict[str, Any]]:
    """Read all that the page shows; the second part goes by the template's names."""
    desk, actor = app_context().helpdesk, current_visit().actor
    detail = await desk.tickets.detail(actor, ticket_id, before=before, limit=ENTRIES_SHOWN)
    return detail, {
        "canned": await _canned(detail),
        "links": await desk.links.all(actor, ticket_id),
        "merged_into": await desk.merges.target(actor, ticket_id),
        "followers": await desk.followers.all(actor, ticket_id),
        "originals": await desk.intake.of_ticket(actor, detail.ticket.number),
        "files": await desk.files.all(actor, ticket_id),
        "question": await desk.ratings.of_ticket(actor, ticket_id),
        "organization": await _organization(detail),
        "walk": await read_walk(request.args),
        "work": await _work_form(detail, typed) if detail.rights.work else None,
    }


async def _organization(detail: TicketDetail) -> Organization | None:
    """Return the requester's organization, for staff."""
    visit, desk = current_visit(), app_context().helpdesk
    if visit.signed_in.role is Role.USER:
        return None
    return await desk.organizations.of_person(visit.actor, detail.ticket.submitter.id)


async def _canned(detail: TicketDetail) -> Sequence[Choice]:
    """Offer the canned replies that the visitor may use, where they may reply as staff."""
    visit = current_visit()
    if not detail.rights.reply or visit.signed_in.role is Role.USER:
        return ()
    found = await app_context().helpdesk.canned.all(visit.actor)
    return tuple(Choice(one.id, one.name) for one in found)


def _homeless(typed: Mapping[str, str], rights: TicketRights) -> Sequence[tuple[str, str]]:
    """Return what was written into a form that the page has no longer: the ticket was closed."""
    has_form = {
        "reply": rights.reply,
        "note": rights.note,
        "notes": rights.resolve,
        "reason": rights.reopen,
    }
    return [
        (TEXTS[name], typed[name]) for name, has in has_form.items() if typed.get(name) and not has
    ]


async def _story(detail: TicketDetail, *, is_newest: bool) -> Story:
    """Format all Markdown of the page in one go."""
    timeline = detail.timeline
    texts = [_text(entry) for entry in timeline.entries]
    description, *rendered = await app_context().formatting.page(
        current_visit().signed_in.id, [detail.ticket.description, *texts]
    )
    entries = [
        _entry(entry, html)
        for entry, html in zip(timeline.entries, rendered, strict=True)
        if not isinstance(entry, StatusChange) or entry.from_status is not None
    ]
    earlier = timeline.earlier and earlier_url(detail.ticket.number, timeline.earlier)
    return Story(description, entries, earlier, is_newest)


def _text(entry: Reply | StatusChange | FieldChange) -> str:
    if isinstance(entry, FieldChange):
        return ""
    return entry.body if isinstance(entry, Reply) else entry.note


def _entry(entry: Reply | StatusChange | FieldChange, html: Markup) -> Entry:
    if isinstance(entry, FieldChange):
        return Entry(entry.id, entry.at, entry.who, html, edit=entry)
    if isinstance(entry, Reply):
        return Entry(entry.id, entry.created_at, entry.author, html, entry.is_internal)
    return Entry(entry.id, entry.at, entry.who, html, change=entry)


async def _work_form(detail: TicketDetail, typed: Mapping[str, str]) -> WorkForm:
    desk, actor, ticket = app_context().helpdesk, current_visit().actor, detail.ticket
    assignee, place = assignee_value(ticket.assignee), place_values(ticket)
    users, former = people(await desk.users.assignable(actor)), None
    if ticket.assignee and ticket.assignee.kind == "user" and assignee not in users:
        former = Choice(assignee, ticket.assignee.name)
    return WorkForm(
        users=users,
        former=former,
        groups=groups(await desk.groups.all(actor)),
        levels=catalogue_levels(await desk.catalogue.tree(), {**place, **_chosen(typed, LEVELS)}),
        statuses=(ticket.status, *(s for s in detail.rights.statuses if s != ticket.status)),
        priorities=tuple(Priority),
        tags=[tag.name for tag in await desk.tickets.tags(actor) if tag.name not in ticket.tags],
        chosen={
            "assignee": assignee,
            "status": ticket.status,
            "priority": ticket.priority.value,
            **_chosen(typed, ("assignee", "status", "priority")),
        },
        was={
            "assignee": assignee,
            "status": ticket.status,
            "priority": ticket.priority,
            "tags": ", ".join(ticket.tags),
            **{name: place[name] for name in LEVELS},
        },
        me=f"user/{current_visit().signed_in.id}",
    )


def _chosen(typed: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return what was chosen in a form that was refused, to be shown as it was."""
    return {name: typed[name] for name in names if name in typed}
