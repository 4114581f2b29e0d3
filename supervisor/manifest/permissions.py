"""Permissions that a plugin requests, and those that its admin allows.

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
    "ticket.created": "Receives every new ticket.",
    "ticket.assigned": "Receives a ticket when it is assigned.",
    "ticket.status_changed": "Receives a ticket when its status changes.",
    "ticket.reply_added": "Receives every public reply, including its text.",
    "ticket.note_added": "Receives every internal note, including its text.",
    "ticket.resolved": "Receives a ticket when it is resolved.",
    "ticket.closed": "Receives a ticket when it is closed.",
    "ticket.reopened": "Receives a ticket when it is reopened.",
}
_SENTENCES: Final = {
    REPLY: "Can add replies and internal notes to tickets, in its own name.",
    CUSTOM_FIELD: "Can set custom fields on tickets.",
    PANEL: "Shows a panel on every ticket: a page from a host it can contact.",
}
_WARNINGS: Final = {
    "event:ticket.note_added": "Reads internal notes, which requesters never see.",
    REPLY: "Its public replies are visible to the ticket's requester.",
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
        return _EVENTS.get(event, f"Receives {event}.")
    if token.startswith(HOST_PREFIX):
        host = token.removeprefix(HOST_PREFIX)
        return f"Can send any data it receives to {host}."
    return _SENTENCES[token]
