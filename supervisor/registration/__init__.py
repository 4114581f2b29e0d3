"""Registrations of GoatKit plugins: read tolerantly, described, matched against.

::

    asking          permissions as sentences
    parse         bytes to Registration: what refuses the whole, and the order of the rest
    document      a registration in the plugin's own words, for JSON
    model         a registration that was read
    support       every field: what happens to it, or why nothing does
    routing       the route of a request among those of all plugins; claims that meet
    routes        what it answers, where, and for whom
    jobs          functions that run by a cron line
    extras        error codes, groups, custom fields
    widgets       cards of the dashboard, entries of the navigation
    translations  texts by language and key, with a fall-back
    resources     how much it asks for, and which permissions
    settings      ticket events, and settings that an admin fills in
    grants        what a plugin may ask of the host, and how a refusal reads
    permissions   what is granted, as text and as a check
    scopes        what a grant covers
    schedules     cron lines, and when they fire next
    durations     durations as Go writes them
    names         a plugin's name and id
    reserved      paths that are the help desk's own
    paths         the grammar of paths
    reading       typed values out of one JSON object; a broken part costs that part
    notes         warnings, and fields that have no effect
    errors        what can be wrong

Pure: no I/O and no clock. Knows nothing of WebAssembly, of storage or of processes.
"""

from collections.abc import Iterable

from supervisor.registration.asking import Ask, ask, asked, choices, declares_nothing, sentence
from supervisor.registration.document import document
from supervisor.registration.durations import parse_duration
from supervisor.registration.errors import (
    DurationError,
    GrantError,
    RegistrationRefused,
    ScheduleError,
)
from supervisor.registration.extras import ErrorCode, FieldWish, GroupWish
from supervisor.registration.jobs import Job
from supervisor.registration.model import Registration
from supervisor.registration.names import plugin_id
from supervisor.registration.notes import Note, Unsupported
from supervisor.registration.parse import MAX_BYTES, parse_registration
from supervisor.registration.permissions import (
    KINDS,
    Permission,
    allows,
    covers,
    holds,
    needed,
    parse_grant,
    permission,
)
from supervisor.registration.resources import Resources
from supervisor.registration.routes import Route, RouteAccess
from supervisor.registration.routing import Conflict, Match, RouteTable
from supervisor.registration.schedules import Schedule, parse_schedule
from supervisor.registration.support import FIELDS
from supervisor.registration.translations import Translations
from supervisor.registration.widgets import MenuItem, Widget

__all__ = [
    "FIELDS",
    "KINDS",
    "MAX_BYTES",
    "Ask",
    "Conflict",
    "DurationError",
    "ErrorCode",
    "FieldWish",
    "GrantError",
    "GroupWish",
    "Job",
    "Match",
    "MenuItem",
    "Note",
    "Permission",
    "Registration",
    "RegistrationRefused",
    "Resources",
    "Route",
    "RouteAccess",
    "RouteTable",
    "Schedule",
    "ScheduleError",
    "Translations",
    "Unsupported",
    "Widget",
    "allows",
    "ask",
    "asked",
    "choices",
    "conflicts",
    "covers",
    "declares_nothing",
    "document",
    "holds",
    "needed",
    "parse_duration",
    "parse_grant",
    "parse_registration",
    "parse_schedule",
    "permission",
    "plugin_id",
    "sentence",
]


def conflicts(registration: Registration, others: Iterable[Registration]) -> tuple[Conflict, ...]:
    """Return the routes of a plugin that others have already; its own older version is no other."""
    claims = ((other.id, other.routes) for other in others if other.id != registration.id)
    return RouteTable(claims).conflicts(registration.routes)
