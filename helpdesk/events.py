"""Payloads. (Bodies follow; the signatures stand.)"""

from typing import Any

from helpdesk.tickets.model import Ticket


def ticket_document(ticket: Ticket, site_url: str) -> dict[str, Any]:
    """The ticket as the payload's ``ticket`` object: the same keys for the REST API and panels."""
    ...
