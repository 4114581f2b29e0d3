"""Host functions for tickets: articles, attachments, statuses, custom fields, views and mail.

Whom a call is for bounds what it may do: the help desk checks the plugin and that person.
"""

import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Final, Protocol

import msgspec
import trio

from supervisor.calls.caller import Caller
from supervisor.calls.field_values import FieldNames, read_filters
from supervisor.calls.named_call import DONE, Handler, NamedCall
from supervisor.ports import DeskCalls, DeskRefused
from supervisor.process.conversation import AnyWork
from supervisor.registration import allows
from supervisor.registration.grants import FunctionRefused, not_granted
from supervisor.states import EgressOutcome

MAILS_A_MINUTE = 10
"""Of one plugin."""
NOTICES_A_MINUTE = 100
"""Of one plugin."""
_Sent = dict[str, deque[float]]
"""When each plugin sent what it sent within the last minute."""
_MINUTE_S = 60.0
_MOST_FOUND = 10_000
_SEARCH_S = 2.0
_MOST_SUBJECT, _MOST_MAIL = 250, 200_000
_MOST_NAME = 255
_ADDRESS = re.compile(r"[^\s@,;<>\"\\]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII)
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]*)")
_GAPS = re.compile(r"\n{3,}")
_HIDDEN = frozenset({"script", "style"})
_LINES = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4"})
NAMES: Final = (
    *("create_article", "create_article_attachment", "list_article_attachments"),
    *("change_ticket_status", "list_ticket_views", "send_email", "send_notice"),
    *("custom_fields_get", "custom_fields_set", "custom_fields_query"),
)


def _count(all_: _Sent, plugin_id: str, most: int, of: str) -> None:
    sent, now = all_.setdefault(plugin_id, deque()), trio.current_time()
    while sent and sent[0] <= now - _MINUTE_S:
        sent.popleft()
    if len(sent) >= most:
        raise FunctionRefused(f"it sent {most} {of} within a minute")
    sent.append(now)


class MailLedger(Protocol):
    """Where letters are entered, as requests are."""

    def mailed(
        self, caller: Caller, work: AnyWork, domain: str, outcome: EgressOutcome, detail: str
    ) -> None:
        """Enter a letter, or one that was refused, by the domain of its receiver."""
        ...


class DeskFunctions:
    """See the module."""

    def __init__(self, desk: DeskCalls, ledger: MailLedger) -> None:
        self._desk = desk
        self._ledger = ledger
        self._mails: _Sent = {}
        self._notices: _Sent = {}

    @property
    def table(self) -> Mapping[str, Handler]:
        """The functions by name."""
        return {name: _refusing(getattr(self, name)) for name in NAMES}

    def release(self, plugin_id: str) -> None:
        """Forget a plugin that runs no longer; its rate of mail is remembered."""
        del plugin_id

    async def create_article(self, call: NamedCall) -> object:
        """Write a reply, or a note where the requester is not to see it."""
        call.grants.require("article", "write")
        subject = call.arguments.get("subject") or ""
        if not isinstance(subject, str):
            raise FunctionRefused("subject: expected text")
        body, ticket = call.text("body"), call.number("ticket_id")
        # Its event has the ticket in it, which is about as long as what was asked.
        call.note_change(len(body) + len(subject) + len(call.work.blob))
        number = await self._desk.add_article(
            call.actor,
            call.person,
            ticket,
            subject,
            body,
            is_internal=call.arguments.get("visible_to_customer") is not True,
        )
        return {"id": number}

    async def create_article_attachment(self, call: NamedCall) -> object:
        """Attach a file to an article that a plugin wrote."""
        call.grants.require("article", "write")
        name, content = call.text("filename", _MOST_NAME), call.blob("content")
        article = call.number("article_id")
        call.note_change(len(content))
        return {"id": await self._desk.attach(call.actor, call.person, article, name, content)}

    async def list_article_attachments(self, call: NamedCall) -> object:
        """List what plugins attached to an article."""
        call.grants.require("article", "read")
        article = call.number("article_id")
        found = await self._desk.attachments(call.actor, call.person, article)
        return {
            "attachments": [{"article_id": article, **msgspec.to_builtins(one)} for one in found]
        }

    async def change_ticket_status(self, call: NamedCall) -> object:
        """Give a ticket another status; there are no reminders, so ``until_time`` has no effect."""
        call.grants.require("ticket", "write")
        ticket, state = call.number("ticket_id"), call.number("state_id")
        call.note_change(len(call.work.blob))
        await self._desk.set_status(call.actor, call.person, ticket, state)
        return DONE

    async def list_ticket_views(self, call: NamedCall) -> object:
        """List the pages that show one ticket: the help desk's own."""
        call.grants.require("ticket", "read")
        own = {"plugin_name": "", "ui_id": "", "label": "Ticket", "url": "/tickets/{ticket_id}"}
        return {"views": [own]}

    async def custom_fields_get(self, call: NamedCall) -> object:
        """Return the plugin's own fields of a ticket, by their short names."""
        call.grants.require("custom_field", "read")
        names, ticket = _fields(call), _ticket(call)
        found = names.own(await self._desk.fields(call.actor, call.person, ticket))
        wanted = call.list("fields")
        return {name: value for name, value in found.items() if not wanted or name in wanted}

    async def custom_fields_set(self, call: NamedCall) -> object:
        """Set the plugin's own fields of a ticket; all of them or none."""
        call.grants.require("custom_field", "write")
        names, ticket = _fields(call), _ticket(call)
        values = call.arguments.get("values")
        if not isinstance(values, dict) or not values:
            raise FunctionRefused("values: expected an object of fields")
        call.note_change(len(msgspec.json.encode(values)))
        await self._desk.set_fields(
            call.actor, call.person, ticket, lambda found: names.changed(values, found)
        )
        return DONE

    async def custom_fields_query(self, call: NamedCall) -> object:
        """Return the ids of the tickets whose fields fit every filter, the newest first."""
        call.grants.require("custom_field", "read")
        names = _fields(call)
        filters = read_filters(call.list("filters"), names)
        keys = sorted({names.key(each.name) for each in filters})
        found = await self._desk.with_fields(call.actor, call.person, keys)

        def search() -> list[int]:
            ids, until = [], time.monotonic() + _SEARCH_S
            for number, fields in found.items():
                if time.monotonic() > until:
                    raise FunctionRefused("the search took too long; look for less")
                values = names.own(fields)
                if all(each.fits(values.get(each.name)) for each in filters):
                    ids.append(number)
            return ids[:_MOST_FOUND]

        return await trio.to_thread.run_sync(search) or None

    async def send_email(self, call: NamedCall) -> object:
        """Put a letter into the help desk's outgoing mail."""
        to, subject = call.text("to", 320).strip(), call.text("subject", 1_000)
        body = call.text("body", _MOST_MAIL)
        domain = to.rpartition("@")[2].lower()
        try:
            await self._check_receiver(call, to)
            _count(self._mails, call.plugin_id, MAILS_A_MINUTE, "letters")
            is_html = call.arguments.get("html") is True
            text = plain_text(body) if is_html else body
            await self._desk.send_mail(
                call.actor, to, subject[:_MOST_SUBJECT], text, body if is_html else ""
            )
        except (FunctionRefused, DeskRefused) as exc:
            self._enter(call, domain, EgressOutcome.REFUSED, str(exc))
            raise FunctionRefused(str(exc)) from None
        self._enter(call, domain, EgressOutcome.ANSWERED, "")
        return {"ok": True}

    async def send_notice(self, call: NamedCall) -> object:
        """Leave a notice for one person inside the help desk."""
        call.grants.require("notice", "use")
        person, title = call.number("user_id"), call.text("title", _MOST_SUBJECT)
        body, link = (call.arguments.get(name) or "" for name in ("body", "link"))
        if not isinstance(body, str) or not isinstance(link, str):
            raise FunctionRefused("body, link: expected text")
        call.note_change(len(title) + len(body))
        _count(self._notices, call.plugin_id, NOTICES_A_MINUTE, "notices")
        await self._desk.notify(call.actor, person, title, body, link or None)
        return DONE

    async def _check_receiver(self, call: NamedCall, to: str) -> None:
        if not _ADDRESS.fullmatch(to):
            raise FunctionRefused("to: expected one address such as ann@example.com")
        if call.behalf.is_visitor and call.behalf.is_look:
            raise FunctionRefused("somebody without an account only looks at this page (GET)")
        granted = call.grants.permissions
        if allows(granted, "email", "use", to):
            return
        if allows(granted, "email", "use", "members") and await self._desk.is_member(to):
            return
        raise not_granted("email", "use", f"@{to.rpartition('@')[2].lower()}")

    def _enter(self, call: NamedCall, domain: str, outcome: EgressOutcome, detail: str) -> None:
        self._ledger.mailed(call.caller, call.work, domain, outcome, detail)


def _refusing(handler: Handler) -> Handler:
    """Let the help desk's refusals be those of the call."""

    async def handle(call: NamedCall) -> object:
        try:
            return await handler(call)
        except DeskRefused as exc:
            raise FunctionRefused(str(exc)) from None

    return handle


def _ticket(call: NamedCall) -> int:
    if call.arguments.get("entity_type") != "ticket":
        raise FunctionRefused('entity_type: expected "ticket"; nothing else has custom fields')
    return call.number("object_id")


def _fields(call: NamedCall) -> FieldNames:
    if call.arguments.get("entity_type") != "ticket":
        raise FunctionRefused('entity_type: expected "ticket"; nothing else has custom fields')
    registration = call.grants.registration
    return FieldNames.of(registration.name, registration.custom_fields)


def plain_text(html: str) -> str:
    """Return the text of a letter in HTML, for those who read no HTML. Takes one pass."""
    parts, at = [], 0
    while (start := html.find("<", at)) >= 0:
        parts.append(html[at:start])
        end = html.find(">", start)
        if end < 0:
            return _tidy(parts)
        word = _TAG.match(html, start)
        name = word[1].lower() if word else ""
        parts.append("\n" if name in _LINES else "")
        at = end + 1
        if name in _HIDDEN:
            close = html.find(f"</{name}", at)
            at = html.find(">", close) + 1 if close >= 0 else len(html)
            if at == 0:
                return _tidy(parts)
    return _tidy([*parts, html[at:]])


def _tidy(parts: Sequence[str]) -> str:
    lines = (" ".join(line.split()) for line in unescape("".join(parts)).split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()
