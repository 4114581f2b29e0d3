"""Builds the ticket page: what was said and what happened in one line of time, and the forms.

It reads; ``ticket.py`` changes. Nothing here decides what a visitor may see: the domain has left
out what they may not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from quart import Response, g

from helpdesk.tickets.model import Author, Priority, StatusChange, TicketDetail
from supervisor.views import PanelSlot
from webapp.house import house
from webapp.links import panel_url
from webapp.markdown import render_in_thread
from webapp.pages.choices import (
    Choice,
    assignee_value,
    categories,
    category_value,
    groups,
    people,
)
from webapp.pages.frames import frame_sources
from webapp.rendering import page
from webapp.sessions import current_visit

DONE = {
    "created": "The ticket is created.",
    "reply": "Your reply is added.",
    "note": "Your internal note is added.",
    "resolve": "The ticket is resolved.",
    "reopen": "The ticket is open again.",
    "close": "The ticket is closed.",
    "update": "The ticket is updated.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the ticket's story: something said, or a change of status."""

    at: datetime
    author: Author
    html: Markup
    reply_id: str = ""
    is_internal: bool = False
    change: StatusChange | None = None


@dataclass(frozen=True, slots=True)
class WorkForm:
    """The choices of the form that staff work with."""

    users: Sequence[Choice]
    groups: Sequence[Choice]
    categories: Sequence[Choice]
    statuses: Sequence[str]
    priorities: Sequence[Priority]
    assignee: str
    category: str


async def show_ticket(
    ticket_id: str,
    *,
    done: str = "",
    problem: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Render the page; ``typed`` keeps what somebody wrote into a form that was refused."""
    detail = await house().helpdesk.tickets.detail(current_visit().actor, ticket_id)
    slots = house().plugins.panel_slots()
    g.frame_sources = await frame_sources(slots)
    description, entries = await _story(detail)
    return page(
        "ticket.html",
        status=status,
        ticket=detail.ticket,
        rights=detail.rights,
        description=description,
        entries=entries,
        work=await _work_form(detail) if detail.rights.work else None,
        panels=_panels(slots, ticket_id),
        done=DONE.get(done, ""),
        problem=problem,
        typed=typed or {},
    )


async def _story(detail: TicketDetail) -> tuple[Markup, list[Entry]]:
    """Interleave replies and status changes by time; render all Markdown in one go."""
    texts = [reply.body for reply in detail.replies] + [step.note for step in detail.history]
    description, *rendered = await render_in_thread([detail.ticket.description, *texts])
    said = [
        Entry(reply.created_at, reply.author, html, reply.id, reply.is_internal)
        for reply, html in zip(detail.replies, rendered, strict=False)
    ]
    happened = [
        Entry(step.at, step.who, html, change=step)
        for step, html in zip(detail.history, rendered[len(said) :], strict=True)
        if step.from_status is not None
    ]
    return description, sorted([*said, *happened], key=lambda entry: entry.at)


async def _work_form(detail: TicketDetail) -> WorkForm:
    desk, actor = house().helpdesk, current_visit().actor
    ticket = detail.ticket
    return WorkForm(
        users=people(await desk.users.assignable(actor)),
        groups=groups(await desk.groups.all(actor)),
        categories=categories(await desk.catalogue.tree()),
        statuses=tuple(name for name in detail.rights.statuses if name != ticket.status),
        priorities=tuple(Priority),
        assignee=assignee_value(ticket.assignee),
        category=category_value(ticket),
    )


def _panels(slots: Sequence[PanelSlot], ticket_id: str) -> list[tuple[PanelSlot, str]]:
    return [(slot, panel_url(ticket_id, slot.plugin_id)) for slot in slots]
