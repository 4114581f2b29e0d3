"""Reads query strings of lists: numbers, truth values, and the filters of tickets."""

from werkzeug.datastructures import MultiDict

from helpdesk.errors import Invalid
from helpdesk.tickets.model import TicketFilter

TICKET_PARAMETERS = frozenset(
    {
        *("status", "priority", "category", "type", "item", "assignee", "group", "submitter"),
        *("mine", "unassigned", "open", "workable", "q", "sort", "page", "per_page"),
    }
)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def number(arguments: MultiDict[str, str], name: str, usual: int, most: int) -> int:
    """Read a whole number from 1 to ``most``."""
    text = arguments.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise Invalid(name, repr(text[:40]), f"a whole number from 1 to {most:,}")
    return int(text)


def truth(arguments: MultiDict[str, str], name: str) -> bool:
    """Read ``true`` or ``false``; false where it is left out."""
    text = arguments.get(name, "false")
    if text not in _TRUTH:
        raise Invalid(name, repr(text[:40]), "true or false")
    return _TRUTH[text]


def refuse_unknown(arguments: MultiDict[str, str], known: frozenset[str]) -> None:
    """Refuse a parameter that would silently do nothing."""
    for name in arguments:
        if name not in known:
            raise Invalid("query", repr(name[:80]), "one of " + ", ".join(sorted(known)))


def ticket_filter(arguments: MultiDict[str, str]) -> TicketFilter:
    """Read the filters of the ticket list; ``status`` and ``priority`` may be repeated."""
    return TicketFilter(
        status=tuple(arguments.getlist("status")),
        priority=tuple(arguments.getlist("priority")),
        category=arguments.get("category"),
        type=arguments.get("type"),
        item=arguments.get("item"),
        assignee_id=arguments.get("assignee"),
        group_id=arguments.get("group"),
        submitter_id=arguments.get("submitter"),
        mine=truth(arguments, "mine"),
        unassigned=truth(arguments, "unassigned"),
        open_only=truth(arguments, "open"),
        workable=truth(arguments, "workable"),
        text=arguments.get("q", ""),
    )
