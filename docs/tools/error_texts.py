"""Texts of the domain that pages show: names of states, and of what people choose.

The domain and the supervisor know no languages. Pages translate what those hand out where they
show it, so the texts are gathered here for the catalogue.
"""

from collections.abc import Iterator

from helpdesk.actors import Role
from helpdesk.mail.choices import EVENTS
from helpdesk.statuses import CLOSED, NEW, RESOLVED
from helpdesk.tickets.model import Priority
from supervisor import states
from webapp.rendering.templating import words

_FIELDS = ("description", "subject", "priority", "assignee", "status", "category", "type", "item")
_UNITS = ("{n} s", "{n} min", "{n} h", "{n} d", "{n} ms", "{n} %")
_SIZES = ("{n} bytes", "{n} KiB", "{n} MiB", "{n} GiB", "unknown", "never")
_STATES = (
    *(states.PluginState, states.Outcome, states.DeliveryKind, states.EgressOutcome),
    *(states.BoxStanding, states.VersionStatus, states.InstallStep),
)


def found() -> Iterator[tuple[str, str]]:
    """Yield the module that has a text, and the text."""
    yield from (("helpdesk/mail/choices.py", text) for text in EVENTS.values())
    yield from (("helpdesk/statuses.py", text) for text in (NEW, RESOLVED, CLOSED))
    yield from (("helpdesk/tickets/model.py", text) for text in (*Priority, *_FIELDS, "tags"))
    yield from (("helpdesk/actors.py", text) for text in Role)
    yield from (("webapp/rendering/formatting.py", text) for text in (*_UNITS, *_SIZES))
    for kind in _STATES:
        yield from (("supervisor/states.py", words(member)) for member in kind)
