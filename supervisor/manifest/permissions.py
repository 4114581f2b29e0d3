"""What a plugin asks to be allowed, and what its admin has left it.

A permission is a token: ``event:NAME`` and ``host:NAME`` come from the manifest, as does ``panel``;
``reply`` and ``custom_field`` come from the host functions that the module imports. Here they are
listed and put into words. They are enforced where the thing itself happens: events in the feed,
everything else in ``hostcalls`` and ``panels``.
"""

from collections.abc import Iterable
from typing import Final

from sandbox_child.wire.entry import ModuleReport
from supervisor.manifest import Manifest
from supervisor.views import PermissionView

REPLY: Final = "reply"
CUSTOM_FIELD: Final = "custom_field"
PANEL: Final = "panel"
EVENT_PREFIX: Final = "event:"
HOST_PREFIX: Final = "host:"

HTTP: Final = "http"
"""A grant, and no token of its own: which hosts it is for is what an admin decides."""

_BY_IMPORT: Final = {"ohd_add_reply": REPLY, "ohd_set_custom_field": CUSTOM_FIELD}
_GRANT_BY_IMPORT: Final = {**_BY_IMPORT, "ohd_http_request": HTTP}

_EVENTS: Final = {
    "ticket.created": "It is told of every new ticket.",
    "ticket.assigned": "It is told when a ticket is given to somebody.",
    "ticket.status_changed": "It is told when a ticket's status changes.",
    "ticket.reply_added": "It is told of every public reply, with its text.",
    "ticket.note_added": "It is told of every internal note, with its text.",
    "ticket.resolved": "It is told when a ticket is resolved.",
    "ticket.closed": "It is told when a ticket is closed.",
    "ticket.reopened": "It is told when a ticket is opened again.",
}
_SENTENCES: Final = {
    REPLY: "It may write replies and internal notes on tickets, in its own name.",
    CUSTOM_FIELD: "It may set custom fields of tickets.",
    PANEL: "It shows a panel beside every ticket: a page of a host that it may contact.",
}
_WARNINGS: Final = {
    "event:ticket.note_added": "It reads internal notes, which submitters never see.",
    REPLY: "What it writes as a public reply is seen by the ticket's submitter.",
}


def asked_for(manifest: Manifest, report: ModuleReport) -> tuple[str, ...]:
    """Return the tokens of everything that a module asks for, in the order in which it is shown."""
    imported = {line.name for line in report.imports}
    return (
        *(EVENT_PREFIX + event for event in manifest.events),
        *(HOST_PREFIX + host for host in manifest.allowed_hosts),
        *(token for name, token in _BY_IMPORT.items() if name in imported),
        *((PANEL,) if manifest.ui_panel is not None else ()),
    )


def asked_grants(report: ModuleReport) -> frozenset[str]:
    """Return the grants that a module asks for by what it imports.

    A child that was taken over can send any host call; it gets none that its module never asked
    for.
    """
    imported = {line.name for line in report.imports}
    return frozenset(grant for name, grant in _GRANT_BY_IMPORT.items() if name in imported)


def withheld_hosts(withheld: Iterable[str]) -> frozenset[str]:
    """Return the hosts among the permissions that are kept from a plugin."""
    return frozenset(
        token.removeprefix(HOST_PREFIX) for token in withheld if token.startswith(HOST_PREFIX)
    )


def permission_views(
    tokens: Iterable[str], withheld: frozenset[str] = frozenset()
) -> tuple[PermissionView, ...]:
    """Put tokens into words."""
    return tuple(
        PermissionView(token, sentence(token), _WARNINGS.get(token), token not in withheld)
        for token in tokens
    )


def sentence(token: str) -> str:
    """Return what a permission means, in plain words."""
    if token.startswith(EVENT_PREFIX):
        event = token.removeprefix(EVENT_PREFIX)
        return _EVENTS.get(event, f"It is told of {event}.")
    if token.startswith(HOST_PREFIX):
        host = token.removeprefix(HOST_PREFIX)
        return f"It may send requests to {host}, with anything that it knows."
    return _SENTENCES[token]
