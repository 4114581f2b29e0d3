"""The words of letters: by event and language, replaced by admins where they like.

Filling in is one pass over the text, so that a subject that looks like a placeholder stays a
subject. An unknown placeholder stays as it is written, and is refused when a template is saved.
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk import checks
from helpdesk.errors import Invalid
from helpdesk.storage import sql

PLACEHOLDERS = (
    *("ticket.number", "ticket.subject", "ticket.url", "actor.name", "receiver.name"),
    *("assignee.name", "text", "link", "site.name"),
)
MAX_BODY = 8_000
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z._]{1,40})\s*\}\}")
_SUBJECT = "[#{{ticket.number}}] {{ticket.subject}}"
_END = {
    "en": "\n\n{{ticket.url}}\n{{site.name}}",
    "de": "\n\n{{ticket.url}}\n{{site.name}}",
}


@dataclass(frozen=True, slots=True)
class Template:
    """Subject and body with placeholders."""

    subject: str
    body: str


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "received": "Hello {{receiver.name}},\n\nwe have received your message as ticket "
        "#{{ticket.number}} and will get back to you. To add something, reply to this email.",
        "created": "{{actor.name}} opened ticket #{{ticket.number}}:\n\n{{text}}",
        "assigned": "{{actor.name}} assigned ticket #{{ticket.number}} to {{assignee.name}}.",
        "replied": "{{text}}\n\n{{actor.name}}",
        "noted": "{{actor.name}} wrote an internal note:\n\n{{text}}",
        "mentioned": "{{actor.name}} mentioned you:\n\n{{text}}",
        "resolved": "Ticket #{{ticket.number}} is resolved.\n\n{{text}}",
        "closed": "Ticket #{{ticket.number}} is closed.",
        "reopened": "{{actor.name}} reopened ticket #{{ticket.number}}.\n\n{{text}}",
    },
    "de": {
        "received": "Guten Tag {{receiver.name}},\n\nIhre Nachricht ist als Ticket "
        "#{{ticket.number}} bei uns eingegangen; wir melden uns. Wenn Sie etwas ergänzen "
        "möchten, antworten Sie auf diese E-Mail.",
        "created": "{{actor.name}} hat Ticket #{{ticket.number}} eröffnet:\n\n{{text}}",
        "assigned": "{{actor.name}} hat Ticket #{{ticket.number}} {{assignee.name}} zugewiesen.",
        "replied": "{{text}}\n\n{{actor.name}}",
        "noted": "{{actor.name}} hat eine interne Notiz geschrieben:\n\n{{text}}",
        "mentioned": "{{actor.name}} hat Sie erwähnt:\n\n{{text}}",
        "resolved": "Ticket #{{ticket.number}} ist gelöst.\n\n{{text}}",
        "closed": "Ticket #{{ticket.number}} ist geschlossen.",
        "reopened": "{{actor.name}} hat Ticket #{{ticket.number}} wieder geöffnet.\n\n{{text}}",
    },
}
_ALONE: Mapping[str, Mapping[str, Template]] = {
    "en": {
        "password": Template(
            "Set a new password",
            "Hello {{receiver.name}},\n\nsomebody, probably you, asked for a new password for "
            "{{site.name}}. Set it here:\n\n{{link}}\n\nIf it wasn't you, ignore this email: your "
            "password stays as it is.",
        ),
        "invitation": Template(
            "Your account for {{site.name}}",
            "Hello {{receiver.name}},\n\nan account was created for you. Set your password "
            "here:\n\n{{link}}",
        ),
        "rating": Template(
            "How did it go? [#{{ticket.number}}] {{ticket.subject}}",
            "How did it go with ticket #{{ticket.number}}? It takes a click:\n\n{{link}}",
        ),
        "signup": Template(
            "Confirm your email address",
            "Hello,\n\nsomebody, probably you, asked for an account for {{site.name}} with this "
            "address. Confirm it and choose a password here, within a day:\n\n{{link}}\n\nIf it "
            "wasn't you, ignore this email: there is no account without you.",
        ),
        "signup_known": Template(
            "You already have an account",
            "Hello,\n\nsomebody, probably you, asked for an account for {{site.name}} with this "
            "address. You already have one. If you have no password, or forgot it, set a new one "
            "here:\n\n{{link}}\n\nIf it wasn't you, ignore this email.",
        ),
    },
    "de": {
        "password": Template(
            "Neues Passwort setzen",
            "Guten Tag {{receiver.name}},\n\njemand, vermutlich Sie, möchte ein neues Passwort für "
            "{{site.name}}. Hier können Sie es setzen:\n\n{{link}}\n\nWaren Sie es nicht, ist "
            "nichts zu tun: Ihr Passwort bleibt, wie es ist.",
        ),
        "invitation": Template(
            "Ihr Konto für {{site.name}}",
            "Guten Tag {{receiver.name}},\n\nfür Sie wurde ein Konto angelegt. Setzen Sie hier "
            "Ihr Passwort:\n\n{{link}}",
        ),
        "rating": Template(
            "Wie lief es? [#{{ticket.number}}] {{ticket.subject}}",
            "Wie lief es mit Ticket #{{ticket.number}}? Ein Klick genügt:\n\n{{link}}",
        ),
        "signup": Template(
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "Guten Tag,\n\njemand, vermutlich Sie, möchte mit dieser Adresse ein Konto für "
            "{{site.name}}. Bestätigen Sie sie hier innerhalb eines Tages und wählen Sie ein "
            "Passwort:\n\n{{link}}\n\nWaren Sie es nicht, ist nichts zu tun: Ohne Sie entsteht "
            "kein Konto.",
        ),
        "signup_known": Template(
            "Sie haben schon ein Konto",
            "Guten Tag,\n\njemand, vermutlich Sie, möchte mit dieser Adresse ein Konto für "
            "{{site.name}}. Sie haben schon eines. Wenn Sie kein Passwort haben oder es vergessen "
            "haben, setzen Sie hier ein neues:\n\n{{link}}\n\nWaren Sie es nicht, ist nichts zu "
            "tun.",
        ),
    },
}
EVENTS = (*_WORDS["en"], *_ALONE["en"])
"""The events that have a template."""
LANGUAGES = tuple(_WORDS)


def usual(event: str, language: str) -> Template:
    """Return the template that comes with the help desk."""
    if event in _ALONE[language]:
        return _ALONE[language][event]
    return Template(_SUBJECT, _WORDS[language][event] + _END[language])


def find(connection: sqlite3.Connection, event: str, language: str) -> Template:
    """Return the template of an event: the admins' own, else the usual one."""
    query = "SELECT subject, body FROM mail_templates WHERE event = ? AND language = ?"
    row = sql.row(connection, query, (event, language))
    return usual(event, language) if row is None else Template(row["subject"], row["body"])


def save(connection: sqlite3.Connection, event: str, language: str, template: Template) -> None:
    """Keep the admins' own template; both texts empty: go back to the usual one.

    Raises ``Invalid``.
    """
    if event not in EVENTS or language not in LANGUAGES:
        raise Invalid("event", repr(event[:40]), f"one of {', '.join(EVENTS)}")
    if not template.subject.strip() and not template.body.strip():
        connection.execute(
            "DELETE FROM mail_templates WHERE event = ? AND language = ?", (event, language)
        )
        return
    subject = checks.name("subject", template.subject, most=200)
    body = checks.body("body", template.body)
    if len(body) > MAX_BODY:
        raise Invalid("body", f"{len(body):,} characters", f"at most {MAX_BODY:,} characters")
    for field, text in (("subject", subject), ("body", body)):
        _require_known(field, text)
    connection.execute(
        "INSERT OR REPLACE INTO mail_templates (event, language, subject, body)"
        " VALUES (?, ?, ?, ?)",
        (event, language, subject, body),
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _require_known(field: str, text: str) -> None:
    for name in re.findall(r"\{\{\s*([^{}]{0,64}?)\s*\}\}", text):
        if name not in PLACEHOLDERS:
            known = ", ".join(PLACEHOLDERS)
            raise Invalid(field, f"the placeholder {name!r}", f"placeholders among {known}")
