"""What becomes of a message: a ticket, a reply, or nothing. In one transaction, and once.

==================================  ==============================================================
message                             becomes
==================================  ==============================================================
one that came before                nothing
one of our own that came back       nothing: a loop
a bounce of one of our letters      the letter is marked, and staff read why in the ticket
a receipt                           nothing
an automatic answer                 a reply where it belongs to a ticket, which stays as it is and
                                    tells nobody; else nothing
marked as spam, a disabled account  held until an admin decides
whatever has to do with a ticket    a reply
anything else                       a new ticket
==================================  ==============================================================
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from helpdesk import accounts, checks
from helpdesk.access import Viewer
from helpdesk.accounts import User
from helpdesk.actors import SYSTEM, Role
from helpdesk.clock import rfc3339
from helpdesk.errors import Conflict, HelpDeskError, Invalid
from helpdesk.events import EventType
from helpdesk.files import service as files
from helpdesk.files.names import safe_name
from helpdesk.ids import new_id
from helpdesk.inbound.matching import Match, match
from helpdesk.inbound.reading import Parsed
from helpdesk.mail import marks, notices, outgoing, settings
from helpdesk.mail.notices import Receiver, Subject
from helpdesk.settings import SettingValues
from helpdesk.storage import sql
from helpdesk.tickets import conversation, edits
from helpdesk.tickets.change import Change
from helpdesk.tickets.model import Ticket, TicketDraft
from helpdesk.viewers import load_viewer

TICKETS_PER_HOUR = 60
"""New tickets of one address; what comes beyond that is held: no person writes as many."""
CONFIRMATIONS_PER_HOUR = 3
"""To one address: two programs that answer each other come to rest."""
NO_SUBJECT = "(no subject)"
NO_TEXT = "(This message has no text.)"
BROKEN = "(This message could not be read. Staff can download the original.)"
_PICTURE = re.compile(r"\]\(cid:(\d{1,3})\)")
_BODY_BYTES = checks.MAX_BODY_BYTES - 1_024
_EVERY_EVENT = frozenset(EventType)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message."""

    outcome: str
    """``ticket``, ``reply``, ``duplicate``, ``loop``, ``bounce``, ``ignored`` or ``held``."""
    number: int | None = None
    """The ticket that it is in, or is about."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it arrived, and how it was read."""

    sha256: str
    parsed: Parsed | None
    """None where nobody could read it."""
    now: datetime
    site: SettingValues
    accepted: bool = False
    """Whether an admin has decided that a message that was held becomes a ticket."""


@dataclass(frozen=True, slots=True)
class _Made:
    outcome: str
    reason: str = ""
    number: int | None = None
    reply_id: str | None = None
    user_id: str | None = None


def digest_of(parsed: Parsed) -> str:
    """Return the hash of what a message says, whichever way it came."""
    document = parsed.document
    said = (
        *(document.sender, document.subject, document.date, document.text, document.quoted),
        [content and content.sha256 for content in parsed.contents],
    )
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def known(connection: sqlite3.Connection, sha256: str) -> Received | None:
    """Return what became of these very bytes before; None where they never came."""
    query = "SELECT outcome, number FROM mail_incoming WHERE sha256 = ? LIMIT 1"
    row = sql.row(connection, query, (sha256,))
    return None if row is None else Received("duplicate", row["number"], "it came before")


def take(connection: sqlite3.Connection, arrived: Arrived) -> Received:
    """Decide on a message, do it, and keep a record; once for each message."""
    parsed = arrived.parsed
    if arrived.accepted:
        # Of two admins who decide at once, one does.
        held = "SELECT 1 FROM mail_incoming WHERE sha256 = ? AND outcome = 'held'"
        if sql.scalar(connection, held, (arrived.sha256,)) is None:
            raise Conflict("this message is not held any more", "reload the page")
    else:
        if (before := known(connection, arrived.sha256)) is not None:
            return before
        if parsed is not None and (before := _same(connection, parsed)) is not None:
            return before
    if parsed is None:
        made = _Made("held", "it cannot be read")
    else:
        made = _Decision(connection, arrived, parsed).made()
    _record(connection, arrived, made)
    return Received(made.outcome, made.number, made.reason)


def _same(connection: sqlite3.Connection, parsed: Parsed) -> Received | None:
    query = "SELECT number FROM mail_incoming WHERE message_id = ? AND digest = ?"
    row = sql.row(connection, query, (parsed.document.message_id, digest_of(parsed)))
    return None if row is None else Received("duplicate", row["number"], "it came before")


def _record(connection: sqlite3.Connection, arrived: Arrived, made: _Made) -> None:
    document = arrived.parsed.document if arrived.parsed else None
    sender = document.sender if document else None
    values = {
        "outcome": made.outcome,
        "reason": made.reason,
        "user_id": made.user_id,
        "number": made.number,
        "reply_id": made.reply_id,
    }
    if arrived.accepted:
        connection.execute(
            "UPDATE mail_incoming SET outcome = :outcome, reason = :reason, user_id = :user_id,"
            " number = :number, reply_id = :reply_id WHERE sha256 = :sha256 AND outcome = 'held'",
            values | {"sha256": arrived.sha256},
        )
        return
    connection.execute(
        "INSERT INTO mail_incoming (id, sha256, message_id, digest, sender, sender_name, subject,"
        " outcome, reason, user_id, number, reply_id, quoted, received_at)"
        " VALUES (:id, :sha256, :message_id, :digest, :sender, :sender_name, :subject,"
        " :outcome, :reason, :user_id, :number, :reply_id, :quoted, :received_at)",
        values
        | {
            "id": new_id(),
            "sha256": arrived.sha256,
            "message_id": document.message_id if document else "",
            "digest": digest_of(arrived.parsed) if arrived.parsed else arrived.sha256,
            "sender": checks.cleaned(sender.address) if sender else "",
            "sender_name": checks.cleaned(sender.name) if sender else "",
            "subject": checks.cleaned(document.subject) if document else "",
            "quoted": checks.cleaned(document.quoted) if document else "",
            "received_at": rfc3339(arrived.now),
        },
    )


class _Decision:
    """One message, and the transaction in which it is decided on."""

    def __init__(self, connection: sqlite3.Connection, arrived: Arrived, parsed: Parsed) -> None:
        self._connection = connection
        self._arrived = arrived
        self._document = parsed.document
        self._contents = parsed.contents
        self._values = settings.read(connection)

    def made(self) -> _Made:
        if marks.is_own(marks.key_of(self._connection), self._document.message_id):
            return _Made("loop", "it is one of the help desk's own letters")
        if self._document.nature == "bounce":
            return self._bounce()
        if self._document.nature == "receipt":
            return _Made("ignored", "a receipt")
        return self._of_somebody()

    def _of_somebody(self) -> _Made:
        document = self._document
        try:
            address = checks.email(document.sender.address if document.sender else "")
        except Invalid:
            return _Made("held", "it has no usable sender")
        if self._is_ours(address):
            return _Made("loop", "it claims to come from the help desk's own address")
        sender = self._account(address)
        if sender is not None and sender.disabled:
            return _Made("held", "its sender's account is disabled", user_id=sender.id)
        if document.is_spam and not self._arrived.accepted:
            return _Made("held", "it was marked as spam")
        return self._from(address, sender)

    def _from(self, address: str, sender: User | None) -> _Made:
        document = self._document
        place = match(self._connection, document, sender, self._values.address)
        if document.nature == "automatic":
            if sender is None or place.number is None:
                return _Made("ignored", "an automatic answer that belongs to no ticket")
            return self._reply(sender, place.number, quietly=True) or _Made(
                "ignored", "an automatic answer to a closed ticket"
            )
        if sender is not None and place.number is not None:
            if made := self._reply(sender, place.number, quietly=False):
                return made
            place = Match(None, place.number)
        if not self._arrived.accepted:
            if sender is None and self._values.strangers == "hold":
                return _Made("held", "its sender has no account")
            if self._is_flood(address):
                return _Made("held", f"more than {TICKETS_PER_HOUR} new tickets within an hour")
        return self._ticket(sender or self._new_account(address), place.refers)

    def _is_ours(self, address: str) -> bool:
        local, _, domain = address.partition("@")
        own = self._values.address.lower()
        return bool(own) and f"{local.partition('+')[0]}@{domain}" == own

    def _account(self, address: str) -> User | None:
        row = sql.row(self._connection, "SELECT * FROM users WHERE email = ?", (address,))
        return None if row is None else accounts.from_row(row)

    def _new_account(self, address: str) -> User:
        named = self._document.sender.name if self._document.sender else ""
        try:
            name = checks.name("name", named[: checks.MAX_NAME])
        except Invalid:
            name = address.partition("@")[0][: checks.MAX_NAME]
        user = User(new_id(), address, name, Role.USER, False, self._arrived.now)
        accounts.insert(self._connection, user, None)
        return user

    def _is_flood(self, address: str) -> bool:
        since = rfc3339(self._arrived.now - timedelta(hours=1))
        query = (
            "SELECT count(*) FROM (SELECT 1 FROM mail_incoming JOIN users ON users.id = user_id"
            " WHERE email = ? AND outcome = 'ticket' AND received_at > ? LIMIT ?)"
        )
        values = (address, since, TICKETS_PER_HOUR)
        return int(sql.scalar(self._connection, query, values)) >= TICKETS_PER_HOUR

    def _change(self, viewer: Viewer, *, quietly: bool = False) -> Change:
        untold = _EVERY_EVENT if quietly else frozenset()
        return Change(self._connection, viewer, self._arrived.now, self._arrived.site, untold)

    def _reply(self, sender: User, number: int, *, quietly: bool) -> _Made | None:
        """Add a reply; None where the ticket takes none of this sender."""
        change = self._change(load_viewer(self._connection, sender.actor), quietly=quietly)
        ids = [new_id() for _ in self._contents]
        self._connection.execute("SAVEPOINT mail_reply")
        try:
            # First the files: the event of the reply tells of them.
            ticket, _ = change.ticket(str(number))
            self._attach(change, ticket, ids)
            said = conversation.reply(
                change, str(number), self._body(ids, least=1), reopen=not quietly
            )
        except HelpDeskError:
            self._connection.execute("ROLLBACK TO mail_reply")
            self._connection.execute("RELEASE mail_reply")
            return None
        self._connection.execute("RELEASE mail_reply")
        reason = "an automatic answer" if quietly else ""
        return _Made("reply", reason, number, said.id, sender.id)

    def _ticket(self, sender: User, refers: int | None) -> _Made:
        change = self._change(load_viewer(self._connection, sender.actor))
        ids = [new_id() for _ in self._contents]
        left_out: list[str] = []
        ticket = edits.create(
            change,
            TicketDraft(self._subject(), self._body(ids, least=0)),
            attach=lambda made: left_out.extend(self._attach(change, made, ids)),
        )
        notes = [f"Left out of the message: {', '.join(left_out)}."] if left_out else []
        if refers is not None:
            notes.append(
                f"The message refers to #{refers}, which it could not be added to: its sender "
                "is not part of that ticket, or it is closed."
            )
        if notes:
            self._note(ticket.number, "\n\n".join(notes))
        self._confirm(ticket, sender)
        return _Made("ticket", "", ticket.number, None, sender.id)

    def _attach(self, change: Change, ticket: Ticket, ids: Sequence[str]) -> list[str]:
        """Put the files on the ticket; return what there was no room for."""
        left_out = list(self._document.left_out)
        found = zip(self._document.files, self._contents, ids, strict=True)
        for part, content, file_id in found:
            if content is None or not content.size:
                continue
            try:
                files.attach(change, ticket, part.name, content, file_id=file_id)
            except HelpDeskError as exc:
                left_out.append(f"{safe_name(part.name)} ({exc})")
        return left_out[:20]

    def _note(self, number: int, text: str) -> None:
        change = self._change(Viewer(SYSTEM), quietly=True)
        conversation.note(change, str(number), text)

    def _confirm(self, ticket: Ticket, sender: User) -> None:
        """Tell who wrote that it has arrived, unless a program wrote."""
        document, now = self._document, self._arrived.now
        if self._values.confirm != "yes" or document.wants_no_answer:
            return
        if document.nature != "ordinary" or self._arrived.accepted:
            return
        since = now - timedelta(hours=1)
        before = outgoing.sent_since(self._connection, sender.email, "received", since)
        if before >= CONFIRMATIONS_PER_HOUR:
            return
        # The record of this message is written last; the letter answers it all the same.
        site = self._arrived.site
        notices.about_ticket(
            self._connection,
            "received",
            Receiver(sender.id, sender.name, sender.email),
            Subject(ticket.number, ticket.subject, f"{site.site_url}/tickets/{ticket.number}"),
            words={"site.name": site.site_name, "text": ticket.description},
            now=now,
            answers=document.message_id,
        )

    def _bounce(self) -> _Made:
        report = self._document.bounce
        if report is None or not report.original_id:
            return _Made("ignored", "a bounce that does not say of what")
        original = report.original_id.lower()
        query = "SELECT number FROM mail_outgoing WHERE message_id = ?"
        row = sql.row(self._connection, query, (original,))
        if row is None:
            return _Made("ignored", "a bounce of a letter that is not ours")
        number = row["number"]
        if report.action in {"delayed", "relayed", "expanded", "delivered"}:
            return _Made("ignored", f"a report that a letter was {report.action}", number)
        why = " ".join(
            checks.cleaned(part) for part in (report.receiver, report.status, report.reason) if part
        )
        if not outgoing.bounced(self._connection, original, why, self._arrived.now):
            return _Made("ignored", "a second bounce of the same letter", number)
        if number is not None:
            self._note(number, f"A letter about this ticket came back:\n\n    {why or 'unknown'}")
        return _Made("bounce", why, number)

    def _subject(self) -> str:
        try:
            return checks.name("subject", self._document.subject, most=checks.MAX_SUBJECT)
        except Invalid:
            return NO_SUBJECT

    def _body(self, ids: Sequence[str], *, least: int) -> str:
        """Return the text for the ticket, its pictures as links to the files."""
        text = BROKEN if self._document.is_broken else self._document.text

        def link(found: re.Match[str]) -> str:
            at = int(found[1])
            if at >= len(ids):
                return found[0]
            name = safe_name(self._document.files[at].name).replace(" ", "_")
            plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
            return f"](/files/{ids[at]}/{plain})"

        text = _PICTURE.sub(link, text)
        packed = checks.cleaned(text).strip().encode()
        if len(packed) > _BODY_BYTES:
            text = packed[:_BODY_BYTES].decode("utf-8", "ignore") + "\n\n[…]"
        try:
            return checks.body("body", text, least=max(least, 1))
        except Invalid:
            return NO_TEXT if least or self._contents else ""
