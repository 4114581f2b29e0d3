"""Each field of a registration: what happens to it here, or why it has no effect.

The manual's table is made from this one, so what is served, what an install lists as not supported,
and what is documented cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Support:
    """``words``: what the help desk does with the field, or why it does nothing with it."""

    served: bool
    words: str


def _served(words: str) -> Support:
    return Support(True, words)


def _not(why: str) -> Support:
    return Support(False, why)


FIELDS: Mapping[str, Support] = {
    "name": _served("the id is `goatkit.NAME`; required"),
    "version": _served("shown; tells versions apart"),
    "description": _served("shown"),
    "author": _served("shown"),
    "license": _served("shown"),
    "homepage": _served("shown, as a link where it is one"),
    "icon": _not("pictures of other sites are not loaded into the admin's pages"),
    "min_host_version": _served("shown; not compared, as the numbers are another product's"),
    "routes": _served("at the declared paths that are free; a login is needed unless granted"),
    "menu_items": _served("in the navigation of the roles that they name"),
    "widgets": _served("on the dashboard and on ticket pages, each in a sandboxed frame"),
    "jobs": _served("by their cron lines in the server's time zone"),
    "i18n": _served("texts by namespace and language"),
    "error_codes": _not("answers carry their own text and status; the API has no list of codes"),
    "permissions": _not("the old list of words grants nothing; an admin grants at install"),
    "resources": _served("times up to the ceilings; permissions are what the review asks about"),
    "hide_menu_items": _served("`tickets` and `dashboard`, once granted; other entries stay"),
    "landing_page": _served("where staff land after login, once granted"),
    "groups": _not("an admin creates groups; one of the same name is what `group:NAME` asks for"),
    "custom_fields": _served("of tickets, named `PLUGIN_field`; the plugin alone sets them"),
    "events": _served("an addition: ticket events reach the function `on_event`"),
    "config_schema": _served("an addition: settings that an admin fills in"),
    "dependencies": _served("shown, with those that are missing"),
    "templates": _not("a plugin's output never becomes part of the help desk's own pages"),
    "uis": _not("whole applications below `/ui/` are not served; routes and menu entries are"),
    "cascades": _not("plugins cannot delete tickets or people, so nothing can follow from that"),
    "mcp_tools": _not("there is no endpoint for language models"),
    "skip_org_injection": _not("there are no organizations, so none is put into queries"),
    "event_authorizer": _not("there are no event channels for browsers to listen to"),
    "sidecars": _not("a plugin gets no containers beside it"),
    "binary": _served("the program of a native plugin, where the operator allows these"),
    "plugin_type": _not("themes are not served"),
}
"""By the field's name in the registration or in the package's manifest."""
